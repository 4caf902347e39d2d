/* alterations/lexer.c */
typedef int pga_placeholder;
