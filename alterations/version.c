/* alterations/version.c */
typedef int pga_placeholder;
