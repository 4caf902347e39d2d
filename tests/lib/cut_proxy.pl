#!/usr/bin/perl
# tests/lib/cut_proxy.pl SOCKET COUNT [SIDE [HOW]]: a TCP proxy before a PostgreSQL server, which cuts a connection at a message
# boundary.
#
# It listens on a free port of 127.0.0.1 and prints its number, passes whole messages of the protocol to the server's Unix socket
# and back, and cuts right behind the COUNT-th message; 0 cuts none.  Without SIDE all messages count, in both directions and
# over all connections; with "client" or "server" those that this side sends over the first connection that the server does not
# refuse.  HOW "both" (else) closes it on both sides, "client" only towards the client, so that the server does not know.
# When it has cut it prints "cut"; other connections are left alone.  On SIGTERM it prints how many messages have passed.
#
# SPDX-License-Identifier: Apache-2.0
use strict;
use warnings;
use IO::Select;
use IO::Socket::INET;
use IO::Socket::UNIX;

my ($path, $count, $from, $how) = @ARGV;
$from //= 'any';
$how //= 'both';
my $passed = 0;
my $first;    # the connection that counts, with SIDE
my %link;     # socket => {name, peer, connection, waiting: bytes, started: whether messages have a type byte}
$SIG{PIPE} = 'IGNORE';
$SIG{TERM} = sub { print "$passed\n"; exit 0 };
$| = 1;

my $door = IO::Socket::INET->new(LocalAddr => '127.0.0.1', Listen => 100) or die "no port: $!";
my $select = IO::Select->new($door);
print $door->sockport, "\n";

sub drop {
    my ($socket) = @_;
    $select->remove($socket);
    delete $link{$socket};
    close $socket;
}

sub hang_up {
    my ($socket) = @_;
    my $peer = $link{$socket}{peer};
    drop($socket);
    drop($peer) if $peer && $link{$peer};
}

sub cut {
    my ($socket) = @_;
    print "cut\n";
    return hang_up($socket) if $how eq 'both';
    my $client = $link{$socket}{name} eq 'client' ? $socket : $link{$socket}{peer};
    # What the server still sends is read, so that it is not held up, and thrown away.
    $link{$link{$client}{peer}}{peer} = undef;
    drop($client);
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

# Whether the message is the one to cut behind.  A connection that is refused, for an option that an old server doesn't know, does not
# count.
sub is_last {
    my ($side, $message) = @_;
    return ++$passed == $count if $from eq 'any';
    return unless $first && $side->{connection} == $first;
    if ($side->{name} eq 'server' && !$first->{greeted}) {
        $first->{greeted} = $message =~ /^Z/;
        if ($message =~ /^E/) { $first = undef; $passed = 0; return }
    }
    return $side->{name} eq $from && ++$passed == $count;
}

sub pass {
    my ($socket) = @_;
    my $side = $link{$socket} or return;
    return hang_up($socket) unless sysread $socket, $side->{waiting}, 65536, length $side->{waiting};
    while (defined(my $message = next_message($side))) {
        my $sent = 0;
        while ($side->{peer} && $sent < length $message) {
            my $n = syswrite $side->{peer}, $message, length($message) - $sent, $sent;
            return hang_up($socket) unless $n;
            $sent += $n;
        }
        return cut($socket) if $side->{peer} && is_last($side, $message);
    }
}

sub answer_door {
    my $client = $door->accept or return;
    my $server = IO::Socket::UNIX->new(Peer => $path);
    return close $client unless $server;
    my $connection = {};
    $first //= $connection;
    $link{$client} = {name => 'client', peer => $server, connection => $connection, waiting => '', started => 0};
    $link{$server} = {name => 'server', peer => $client, connection => $connection, waiting => '', started => 1};
    $select->add($client, $server);
}

while (1) {
    for my $socket ($select->can_read) {
        $socket == $door ? answer_door() : pass($socket);
    }
}
