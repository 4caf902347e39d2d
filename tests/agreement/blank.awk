# tests/agreement/blank.awk: takes the commands of psql, which pgalter refuses, out of a script.
#
# Both sides get what this leaves.  It goes by lines and knows nothing of quotes, so that it has no opinion on what is
# being compared.  Lines keep their numbers.

# Of \if ... \elif ... \else ... \endif the first branch stays.
/^[ \t]*\\if/ { depth++; skipped[depth] = skipped[depth - 1]; print ""; next }
/^[ \t]*\\(elif|else)/ { if (depth > 0) skipped[depth] = 1; print ""; next }
/^[ \t]*\\endif/ { if (depth > 0) depth--; print ""; next }
skipped[depth] { print ""; next }

{
    # What sends the statement before it ends it as a semicolon does, with everything behind it on the line.
    sub(/\\(bind|bind_named|close_prepared|crosstabview|g|gdesc|gexec|gset|gx|parse|sendpipeline|watch)([^a-z_].*)?$/, ";")
    # A semicolon that doesn't send yet becomes one that does.
    gsub(/\\;/, ";")
    # \copy from rows in the script is COPY.
    if (/^\\copy .* from stdin/) { sub(/^\\/, ""); $0 = $0 ";" }
    # Any other command, with what is behind it, at the beginning of a line (\N and \. are rows); few stand in its middle.
    sub(/^[ \t]*\\[a-zCT!?].*$/, "")
    sub(/\\(if|p|r)([ \t].*)?$/, "")
    # Whether a variable is set: none is.
    gsub(/:\{\?[a-zA-Z0-9_]+\}/, "FALSE")
    print
}
