/* base/digest.c */
typedef int pga_placeholder;
