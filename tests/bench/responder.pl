#!/usr/bin/perl -w
# For tests/bench/speed: does, step by step, what the responder in Perl does that books show behind
# Postfix's pipe(8). It checks its account and the sender, looks for a Precedence field, and hands a
# file behind a To field to the mailer. It remembers nobody.
#
#     responder.pl UID FILE MAILER SENDER

use strict;
use Sys::Syslog qw(:DEFAULT setlogsock);

my ($uid, $file, $mailer, $given) = @ARGV;

sub leave {
    my ($status, @line) = @_;
    syslog(@line) if @line;
    exit $status;
}

$SIG{PIPE} = sub { syslog('mail|err', 'the mailer reads no more') };
$ENV{PATH} = '/bin:/usr/bin:/sbin:/usr/sbin';
setlogsock('unix');
openlog('responder.pl', 'ndelay,pid', 'user');

leave(75, 'mail|err', "wrong account $>") if $> != $uid;
leave(75, 'mail|err', 'four arguments, please') if @ARGV != 4;
leave(69, 'mail|err', 'no such sender') if $given !~ /([\w\-.%]+\@[\w.-]+)/;
my $sender = $1;
leave(75, 'mail|err', "no $mailer") if !-x $mailer;
leave(75, 'mail|err', "no $file") if !-f $file;
leave(0) if $sender =~ /^owner-|-(request|owner)\@|^(mailer-daemon|postmaster)\@/i;

while (<STDIN>) {
    last if /^$/;
    leave(0) if /^precedence:\s+(bulk|list|junk)/i;
}

open(my $reply, '<', $file) or leave(75, 'mail|err', "cannot open $file: %m");
open(my $mail, '|-', $mailer, '-oi', '-t', '-f', '<>') or leave(75, 'mail|err', "no $mailer: %m");
print $mail "To: $sender\n";
print $mail $_ while <$reply>;
close($mail) or leave(69, 'mail|err', "$mailer failed: %m");
leave(0, 'mail|info', "replied to $sender");
