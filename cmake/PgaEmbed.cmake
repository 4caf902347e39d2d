# embed_text(TARGET FILE ...): makes each file a `const char pga_text_<name>[]` in <folder>/<file>.h of the build
# tree, where <name> is the file's name with every character but letters and digits made `_`.
function(embed_text target)
    foreach(file IN LISTS ARGN)
        get_filename_component(base "${file}" NAME)
        string(MAKE_C_IDENTIFIER "${base}" symbol)
        set(output "${CMAKE_CURRENT_BINARY_DIR}/${base}.h")
        add_custom_command(
            OUTPUT "${output}"
            COMMAND "${CMAKE_COMMAND}" -DINPUT=${CMAKE_CURRENT_SOURCE_DIR}/${file} -DOUTPUT=${output}
                    -DSYMBOL=pga_text_${symbol} -P "${PROJECT_SOURCE_DIR}/cmake/EmbedText.cmake"
            DEPENDS "${file}" "${PROJECT_SOURCE_DIR}/cmake/EmbedText.cmake"
            COMMENT "Embedding ${base}" VERBATIM)
        target_sources(${target} PRIVATE "${output}")
    endforeach()
endfunction()

# embed_pages(TARGET DOCS FOLDER ...): makes the Markdown pages of some folders below DOCS one table `struct pga_page pages[]`
# in pages.h of the build tree.  A page that comes or goes is seen by the next build.
function(embed_pages target docs)
    set(files "")
    foreach(dir IN LISTS ARGN)
        file(GLOB found CONFIGURE_DEPENDS "${docs}/${dir}/*.md")
        list(APPEND files ${found})
    endforeach()
    list(JOIN ARGN "|" dirs)
    set(output "${CMAKE_CURRENT_BINARY_DIR}/pages.h")
    add_custom_command(
        OUTPUT "${output}"
        COMMAND "${CMAKE_COMMAND}" -DDOCS=${docs} -DDIRS=${dirs} -DOUTPUT=${output}
                -P "${PROJECT_SOURCE_DIR}/cmake/EmbedPages.cmake"
        DEPENDS ${files} "${PROJECT_SOURCE_DIR}/cmake/EmbedPages.cmake"
        COMMENT "Embedding the pages of help" VERBATIM)
    target_sources(${target} PRIVATE "${output}")
endfunction()
