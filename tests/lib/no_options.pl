#!/usr/bin/perl
# no_options.pl LISTEN TARGET: a proxy between two Unix sockets that takes no start-up options, and otherwise passes
# everything on.
use strict;
use warnings;
use IO::Select;
use IO::Socket::UNIX;

my ($listen, $target) = @ARGV;
my $refusal = "SFATAL\0VFATAL\0C08P01\0Munsupported startup parameter: options\0\0";
$SIG{PIPE} = 'IGNORE';
my $door = IO::Socket::UNIX->new(Local => $listen, Listen => 50) or die "no_options.pl: $listen: $!\n";
chmod 0777, $listen;
my $select = IO::Select->new($door);
my %peer;
$| = 1;
print "listening\n";

sub drop {
    my ($one) = @_;
    for (grep { defined } $one, delete $peer{$one}) {
        delete $peer{$_};
        $select->remove($_);
        close $_;
    }
}

while (1) {
    for my $from ($select->can_read) {
        if ($from == $door) {
            $select->add($door->accept);
            next;
        }
        my $got = sysread $from, my $bytes, 65536;
        if (!$got) {
            drop($from);
        } elsif (!$peer{$from} && $bytes =~ /\0options\0/) {
            syswrite $from, 'E' . pack('N', 4 + length $refusal) . $refusal;
            drop($from);
        } else {
            if (!$peer{$from}) {
                my $server = IO::Socket::UNIX->new(Peer => $target) or die "no_options.pl: $target: $!\n";
                @peer{$from, $server} = ($server, $from);
                $select->add($server);
            }
            syswrite $peer{$from}, $bytes;
        }
    }
}
