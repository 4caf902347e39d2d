/* alterations/directive.c */
typedef int pga_placeholder;
