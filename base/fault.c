/* base/fault.c */
typedef int pga_placeholder;
