/* base/yaml.c */
typedef int pga_placeholder;
