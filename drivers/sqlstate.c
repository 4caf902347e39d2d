/* drivers/sqlstate.c */
typedef int pga_placeholder;
