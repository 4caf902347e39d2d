/* alterations/statement.c */
typedef int pga_placeholder;
