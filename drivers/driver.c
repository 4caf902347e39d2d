/* drivers/driver.c */
typedef int pga_placeholder;
