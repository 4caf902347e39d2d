/* alterations/script.c */
typedef int pga_placeholder;
