/* base/log.c */
typedef int pga_placeholder;
