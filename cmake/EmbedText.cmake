# Writes the bytes of INPUT as a C array SYMBOL into OUTPUT.  Run by embed_text().
file(READ "${INPUT}" hex HEX)
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
string(REGEX REPLACE "(0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,)" "\\1\n" bytes "${bytes}")
file(WRITE "${OUTPUT}" "static const char ${SYMBOL}[] = {\n${bytes}0x00};\n")
