/* drivers/pq/pq.c */
typedef int pga_placeholder;
