/* drivers/script/script.c */
typedef int pga_placeholder;
