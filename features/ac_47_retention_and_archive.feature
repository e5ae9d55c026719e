@AC-47 @inside
Feature: AC-47 Retention and archive
  Signals are kept for good, but not for ever in the database: whole months that are old enough go into files, which anybody
  can read, and come back from there. Nothing is dropped before it was read back and compared. And a producer that wants to be
  forgotten is forgotten, wherever its signals lie.

  Rule: Signals lie in tables of a month each, which are made before they are needed

    Example: The months to come
      Given signals lie in months of their own
      When the operator asks for the metrics
      Then the tables of 3 months to come are there

    Example: A signal that a wrong clock has dated far ahead
      Given a signal was stored whose id was made ten years ahead
      When the reader asks for the old signal
      Then the reader is shown the old signal as it was stored

  Rule: Whole months that are old enough are moved into files

    Example: Old enough
      Given a signal was stored long ago
      When the operator archives what is older than 90 days
      Then the archive holds the signal as it was stored
      And the signal is in the database no more

    Example: Stored lately, whatever its id says
      Given a signal was stored long ago
      And another signal of that month was stored today
      When the operator archives what is older than 90 days
      Then the signal is still in the database

    Example: Approved lately, however old it is
      Given a signal was stored long ago
      And another signal of that month was approved today
      When the operator archives what is older than 90 days
      Then the signal is still in the database

    Example: Compared before it is dropped
      Given a signal was stored long ago
      When the operator archives onto a disk that does not keep what it is given
      Then the operator is told that file and database differ
      And the signal is there as it was stored

    Example: Every day by itself
      Given a signal was stored long ago
      When the daily run archives what is older than 90 days
      Then the archive holds the signal as it was stored
      And the signal is in the database no more

    Example: The same command again
      Given a signal was stored long ago
      And the operator has archived what is older than 90 days
      When the operator archives what is older than 90 days
      Then the operator is told that there was nothing to do

    Example: Broken off
      Given a signal was stored long ago
      And archiving was broken off when the files were written
      When the operator archives what is older than 90 days
      Then the archive holds the signal as it was stored

  Rule: Readers are told what lies in the archive

    Example: The signal
      Given a signal was stored long ago
      And the operator has archived what is older than 90 days
      When the reader asks for the old signal
      Then it is refused as "signal_archived"

    Example: Any other id of that month
      Given a signal was stored long ago
      And the operator has archived what is older than 90 days
      When the reader asks for an id of that month that nobody has
      Then it is refused as "signal_archived"

    Example: A decision
      Given a signal was stored long ago
      And the operator has archived what is older than 90 days
      When the reader closes the old signal
      Then it is refused as "signal_archived"

    Example: A place before it was approved
      Given a signal that needs approval was stored long ago, and approved
      And the operator has archived what is older than 90 days
      When the reader goes on from before the approval
      Then it is refused as "cursor_expired"

    Example: A place before it in the feed
      Given a signal was stored long ago
      And the operator has archived what is older than 90 days
      When the reader goes on from before the old signal
      Then it is refused as "cursor_expired"
      And the reader can go on from the oldest cursor that it is told

  Rule: A month comes back as it was, and stays closed

    Example: Put back
      Given a signal was stored long ago
      And the operator has archived what is older than 90 days
      And the operator has put the month back
      When the reader asks for the old signal
      Then the reader is shown the old signal as it was stored

    Example: Nothing is decided about it
      Given a signal was stored long ago
      And the operator has archived what is older than 90 days
      And the operator has put the month back
      When the reader closes the old signal
      Then it is refused as "signal_archived"

    Example: The daily run leaves it
      Given a signal was stored long ago
      And the operator has archived what is older than 90 days
      And the operator has put the month back
      When the daily run archives what is older than 90 days
      Then the signal is there as it was stored

    Example: Archives that are not whole
      Given a signal was stored long ago
      And the operator has archived what is older than 90 days
      And a byte of the archive is missing
      When the operator tries to put the month back
      Then the operator is told that it is no whole archive

  Rule: A producer is forgotten wherever its signals lie

    Example: In the database
      Given a signal of the producer "leaving" was stored long ago
      And the operator has forgotten the producer "leaving"
      When the reader asks for the old signal
      Then the reader is shown neither its payload nor its producer

    Example: In an archive that is put back
      Given a signal of the producer "leaving" was stored long ago
      And the operator has archived what is older than 90 days
      And the operator has forgotten the producer "leaving"
      And the operator has put the month back
      When the reader asks for the old signal
      Then the reader is shown neither its payload nor its producer

    Example: In a stream that comes back
      Given signals lie in months of their own
      And the operator has let a reader read everything
      And the reader follows the live feed with its token
      And the reader was shown a signal of the producer "leaving"
      When the operator forgets the producer "leaving"
      Then who comes back to a place before it is shown neither its payload nor its producer

    Example: It cannot send any more
      Given producers have keys of their own
      And the operator has registered the producer
      And the operator has forgotten it
      When the producer sends a signal
      Then it is refused as "signature_mismatch"

    Example: The operator learns where it still stands
      Given a signal of the producer "leaving" was stored long ago
      And the operator has archived what is older than 90 days
      When the operator forgets the producer "leaving"
      Then the operator is told of that archive

    Example: The operator learns of every folder that a month was moved to
      Given a signal of the producer "moved-twice" was stored long ago
      And the operator has archived what is older than 90 days
      And the operator has put the month back
      And the operator has archived what is older than 90 days into another folder
      When the operator forgets the producer "moved-twice"
      Then the operator is told of both archives

    Example: The operator learns where only a reason may name it
      Given a signal was closed long ago because the producer "leaving" asked for it
      And the operator has archived what is older than 90 days
      When the operator forgets the producer "leaving"
      Then the operator is told that this archive may name it

    Example: Nobody of that name
      Given signals lie in months of their own
      When the operator forgets the producer "nobody-at-all"
      Then the operator is told that there is none
