/* base/interrupt.c */
typedef int pga_placeholder;
