/* base/json.c */
typedef int pga_placeholder;
