# tests/lib/canary.pl: the password of all printable ASCII characters, and looking for it.
#
#   perl canary.pl raw|url|conninfo|passfile|sql    print it, as it must stand there
#   perl canary.pl find FILE ...                    name each FILE with a piece of it, and that piece; exits with 1 if there is one
#
# A piece is eight characters in a row, of the password itself or as it is written in a URL, with as little as possible encoded or
# everything.  The characters are mixed, lest a piece be one that anybody writes by chance.
use strict;
use warnings;

my @characters = map { chr } 0x20 .. 0x7e;
my $state = 2654435761;
for my $i (reverse 1 .. $#characters) {
    $state = ($state * 1103515245 + 12345) % 2**31;
    my $k = int($state / 65536) % ($i + 1);
    @characters[$i, $k] = @characters[$k, $i];
}
my $password = join '', @characters;
(my $url = $password) =~ s/([^A-Za-z0-9._~-])/sprintf '%%%02X', ord $1/ge;
(my $lower = $url) =~ s/(%..)/lc $1/ge;
(my $encoded = $password) =~ s/(.)/sprintf '%%%02X', ord $1/ge;

my ($what, @files) = @ARGV;
my %ways = (
    raw => $password,
    url => $url,
    conninfo => "'" . $password =~ s/(['\\])/\\$1/gr . "'",
    passfile => $password =~ s/([:\\])/\\$1/gr,
    sql => "'" . $password =~ s/'/''/gr . "'",
);
if (defined $ways{$what}) {
    print $ways{$what};
    exit 0;
}

my %pieces;
for my $text ($password, $url, $lower, $encoded) {
    $pieces{substr $text, $_, 8} = 1 for 0 .. length($text) - 8;
}
my $any = join '|', map { quotemeta } sort keys %pieces;
my $found = 0;
for my $file (@files) {
    open(my $in, '<:raw', $file) or die "$file: $!\n";
    local $/;
    my $text = <$in>;
    next if !defined $text || $text !~ /($any)/;
    print "$file has $1\n";
    $found = 1;
}
exit $found;
