/* base/file.c */
typedef int pga_placeholder;
