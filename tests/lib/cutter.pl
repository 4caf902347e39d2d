#!/usr/bin/perl
# cutter.pl LISTEN TARGET SIDE COUNT HOW: a proxy between two Unix sockets that cuts the first connection through it behind
# the COUNTth message of one SIDE (client or server).  HOW: "both" closes it on both sides; "client" only towards the
# client, so that the server does not know.  The first is the first that the server does not refuse.  COUNT 0 never cuts.  Later connections pass.
use strict;
use warnings;
use IO::Select;
use IO::Socket::UNIX;

my ($listen, $target, $side, $count, $how) = @ARGV;
$SIG{PIPE} = 'IGNORE';
unlink $listen;
my $door = IO::Socket::UNIX->new(Local => $listen, Listen => 50) or die "cutter.pl: $listen: $!\n";
chmod 0777, $listen;
my $select = IO::Select->new($door);
my (%peer, %side_of, %rest, $first, $greeted, $seen, $ready);
$seen = 0;
$| = 1;
print "listening\n";

# How many bytes of $text are whole messages, at most $left of them, and how many these are.  The client's first has no type.
sub messages {
    my ($text, $left) = @_;
    my ($at, $n) = (0, 0);
    while ($n < $left) {
        my $head = $ready ? 1 : 0;
        last if length($text) < $at + $head + 4;
        my $size = unpack('N', substr($text, $at + $head, 4)) + $head;
        last if length($text) < $at + $size;
        $at += $size;
        $n++;
        $ready = 1;
    }
    return ($at, $n);
}

sub drop {
    my ($socket) = @_;
    $select->remove($socket);
    delete $peer{$socket};
    close $socket;
}

sub cut {
    my ($client, $server) = @_;
    print "cut\n";
    drop($client);
    # What the server still sends is read, so that it is not held up, and thrown away.
    if ($how eq 'both') { drop($server) } else { delete $peer{$server} }
}

while (1) {
    for my $socket ($select->can_read()) {
        if ($socket == $door) {
            my $client = $door->accept() or next;
            my $server = IO::Socket::UNIX->new(Peer => $target);
            if (!$server) { close $client; next }
            $peer{$client} = $server;
            $peer{$server} = $client;
            if (!$first++) {
                $side_of{$client} = 'client';
                $side_of{$server} = 'server';
                $ready = $side eq 'server';
            }
            $select->add($client, $server);
            next;
        }
        my $peer = $peer{$socket};
        my $text;
        if (!sysread($socket, $text, 65536)) {
            drop($socket);
            drop($peer) if $peer;
            next;
        }
        next unless $peer;
        if (!$greeted && ($side_of{$socket} // '') eq 'server') {
            # A connection that is refused, for an option that an old server doesn't know, is not the one.
            if ($text =~ /^(?:R\0\0\0\x08\0\0\0\0)?E/) { $first = $seen = 0; delete @side_of{$socket, $peer} }
            elsif ($text =~ /Z\0\0\0\x05/) { $greeted = 1 }
        }
        if ($count && ($side_of{$socket} // '') eq $side) {
            $rest{$socket} = ($rest{$socket} // '') . $text;
            my ($bytes, $n) = messages($rest{$socket}, $count - $seen);
            $text = substr($rest{$socket}, 0, $bytes, '');
            $seen += $n;
        }
        my $at = 0;
        while ($at < length $text) {
            my $n = syswrite($peer, $text, length($text) - $at, $at) or last;
            $at += $n;
        }
        cut($side eq 'client' ? ($socket, $peer) : ($peer, $socket)) if $count && $seen >= $count && $side_of{$socket} && $peer{$socket} && $side_of{$socket} eq $side;
    }
}
