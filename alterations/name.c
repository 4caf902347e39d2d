/* alterations/name.c */
typedef int pga_placeholder;
