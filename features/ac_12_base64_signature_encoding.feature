@AC-12
Feature: AC-12 Base64 signature encoding
  Base64 has dialects, and a library that guesses hides mistakes until the day they hurt.
  So a signature is canonical standard base64 of the 32 bytes, and the refusal tells bad writing from a bad signature.

  Rule: The right bytes, written canonically, are accepted

    Scenario Outline: A canonical signature
      Given signing is on
      When the producer sends a signal whose signature <so>
      Then it is accepted

      Examples: The characters in which the dialects differ
        | so                |
        | contains a plus   |
        | contains a slash  |

  Rule: What is not canonical base64 is malformed

    Scenario Outline: A malformed signature
      Given signing is on
      When the producer sends a signal whose signature is written <so>
      Then it is refused as "signature_malformed"
      And nothing is stored

      Examples: The right bytes in another dialect
        | so                              |
        | in the URL-safe alphabet        |
        | without padding                 |
        | with more padding               |
        | with its unused bits set        |
        | in groups divided by spaces     |

      Examples: Text around it
        | so                   |
        | in quotes            |
        | after "sha256="      |
        | after "v1,"          |
        | with a comma behind  |
        | twice                |

      Examples: Not base64 at all
        | so                            |
        | as nothing                    |
        | as words                      |
        | as padding alone              |
        | in Latin-1 letters            |
        | in Chinese characters         |
        | with one letter cut off       |

  Rule: What is canonical base64 of other bytes does not match

    Scenario Outline: A signature of other bytes
      Given signing is on
      When the producer sends a signal whose signature is written <so>
      Then it is refused as "signature_mismatch"
      And nothing is stored

      Examples: Of 32 bytes
        | so                             |
        | with one letter changed        |
        | with its bytes in reverse      |
        | as 32 zero bytes               |

      Examples: Of another length
        | so                             |
        | with its last byte cut off     |
        | cut to 16 bytes                |
        | with one byte more             |
        | with its bytes twice           |
        | as one byte                    |

      Examples: Hex, which is by chance also base64 of 48 bytes
        | so                             |
        | in hex                         |
        | in upper case hex              |
