/* base/clock.c */
typedef int pga_placeholder;
