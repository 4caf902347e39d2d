/* alterations/directory.c */
typedef int pga_placeholder;
