/* drivers/local/cluster.c */
typedef int pga_placeholder;
