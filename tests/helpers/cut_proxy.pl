#!/usr/bin/perl
# tests/helpers/cut_proxy.pl SOCKET N: a TCP proxy before a PostgreSQL server, which cuts the connection at a message boundary.
#
# It listens on a free port of 127.0.0.1 and prints its number, passes whole messages of the protocol to the server's Unix socket
# and back, and closes both sides of the connection that carried the N-th message, counted in both directions and over all
# connections, right behind it.  Connections after that are left alone; N = 0 cuts none.  On SIGTERM it prints how many messages
# have passed.
#
# SPDX-License-Identifier: Apache-2.0
use strict;
use warnings;
use IO::Select;
use IO::Socket::INET;
use IO::Socket::UNIX;

my ($path, $cut) = @ARGV;
my $passed = 0;
my %link;    # socket => {peer, waiting: bytes, started: whether messages have a type byte}
$SIG{PIPE} = 'IGNORE';
$SIG{TERM} = sub { print "$passed\n"; exit 0 };
$| = 1;

my $door = IO::Socket::INET->new(LocalAddr => '127.0.0.1', Listen => 100) or die "no port: $!";
my $select = IO::Select->new($door);
print $door->sockport, "\n";

sub hang_up {
    my ($socket) = @_;
    for my $end ($socket, $link{$socket}{peer}) {
        $select->remove($end);
        delete $link{$end};
        close $end;
    }
}

# Take one whole message off what waits, or nothing.  A client's first one has no type.
sub next_message {
    my ($side) = @_;
    my $at = $side->{started} ? 1 : 0;
    return if length $side->{waiting} < $at + 4;
    my $len = $at + unpack 'N', substr $side->{waiting}, $at, 4;
    return if length $side->{waiting} < $len;
    $side->{started} = 1;
    return substr $side->{waiting}, 0, $len, '';
}

sub pass {
    my ($socket) = @_;
    my $side = $link{$socket} or return;
    return hang_up($socket) unless sysread $socket, $side->{waiting}, 65536, length $side->{waiting};
    while (defined(my $message = next_message($side))) {
        my $sent = 0;
        while ($sent < length $message) {
            my $n = syswrite $side->{peer}, $message, length($message) - $sent, $sent;
            return hang_up($socket) unless $n;
            $sent += $n;
        }
        return hang_up($socket) if ++$passed == $cut;
    }
}

sub answer_door {
    my $client = $door->accept or return;
    my $server = IO::Socket::UNIX->new(Peer => $path);
    return close $client unless $server;
    $link{$client} = {peer => $server, waiting => '', started => 0};
    $link{$server} = {peer => $client, waiting => '', started => 1};
    $select->add($client, $server);
}

while (1) {
    for my $socket ($select->can_read) {
        $socket == $door ? answer_door() : pass($socket);
    }
}
