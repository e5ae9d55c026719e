@AC-07
Feature: AC-07 Payload size limit
  One producer with a bug must not fill the disk, or the memory, for all the others.
  So a payload has at most 32768 bytes, counted as compact UTF-8 text, and a request is never read without a bound.

  Rule: A payload of up to 32768 bytes is accepted

    Scenario Outline: A payload within the limit
      When the producer sends a signal with a payload of <size> bytes
      Then it is accepted

      Examples: Up to exactly the limit
        | size  |
        | 1024  |
        | 16384 |
        | 32767 |
        | 32768 |

    Scenario Outline: A payload above the limit
      When the producer sends a signal with a payload of <size> bytes
      Then it is refused as "payload_too_large"
      And nothing is stored

      Examples: From one byte above the limit
        | size  |
        | 32769 |
        | 33792 |
        | 65536 |

  Rule: Bytes are counted, not characters, and not the way they were written

    Scenario Outline: A payload in another script or layout within the limit
      When the producer sends a signal with a payload of <size> bytes of <text>
      Then it is accepted

      Examples: Exactly the limit
        | size  | text         |
        | 32768 | Chinese text |
        | 32768 | emoji        |
        | 32768 | escaped text |

      Examples: Written with much space
        | size  | text        |
        | 16384 | spaced text |
        | 32768 | spaced text |

    Scenario Outline: A payload in another script or layout above the limit
      When the producer sends a signal with a payload of <size> bytes of <text>
      Then it is refused as "payload_too_large"
      And nothing is stored

      Examples: One byte above the limit
        | size  | text         |
        | 32769 | Chinese text |
        | 32769 | emoji        |
        | 32769 | escaped text |
        | 32769 | spaced text  |

    @inside
    Scenario Outline: A payload as large as it may be is stored whole
      When the producer sends a signal with a payload of 32768 bytes of <text>
      Then it is accepted
      And the stored payload is the payload that was sent

      Examples: In every script and layout
        | text         |
        | plain text   |
        | Chinese text |
        | emoji        |
        | escaped text |
        | spaced text  |

  Rule: A request is cut off at six times the limit plus 4096 bytes

    Scenario Outline: A long request with a small payload
      When the producer sends a signal padded to <size> bytes, its length <length>
      Then it is accepted

      Examples: Exactly the bound
        | size   | length       |
        | 200704 | declared     |
        | 200704 | not declared |

    Scenario Outline: A request that is longer than the bound
      When the producer sends a signal padded to <size> bytes, its length <length>
      Then it is refused as "body_too_large"
      And nothing is stored

      Examples: One byte above the bound
        | size   | length       |
        | 200705 | declared     |
        | 200705 | not declared |

    @direct
    Scenario Outline: A request whose rest is not read
      When the producer sends a signal padded to <size> bytes, its length <length>
      Then it is refused as "body_too_large"
      And the connection is closed
      And nothing is stored

      Examples: Far above the bound
        | size     | length       |
        | 1000000  | declared     |
        | 20000000 | not declared |

    Example: A payload that is too large is refused although its length is not declared
      When the producer sends a signal with a payload of 65536 bytes, its length not declared
      Then it is refused as "payload_too_large"
      And nothing is stored

    @direct
    Example: A declared length above the bound is refused before the body is sent
      When the producer announces a signal of 200705 bytes and sends none of them
      Then it is refused as "body_too_large"
      And the connection is closed

    Example: What lies beyond the declared length is not part of the signal
      When the producer sends a signal and declares only its first 40 bytes
      Then it is refused as "invalid_json"
      And nothing is stored

    @inside
    Example: A signal that is shorter than declared is waited for, but not for ever
      Given a request must arrive within 1 second
      When the producer announces a signal of 5000 bytes and sends fewer
      Then it is refused as "request_timeout"
      And the connection is closed
      And nothing is stored

  Rule: Exponents are stored written out, and make a payload six times as large at most

    Scenario Outline: A payload that is stored much larger than it was sent
      When the producer sends a signal with <count> times the number <number> in its payload
      Then it is accepted

      Examples: Exactly the bound
        | count | number   |
        | 638   | 1e308    |
        | 638   | 1E-0308  |
        | 12    | 0e-16383 |

    Scenario Outline: A payload that would be stored larger still
      When the producer sends a signal with <count> times the number <number> in its payload
      Then it is refused as "payload_too_large"
      And nothing is stored

      Examples: One number more
        | count | number   |
        | 639   | 1e308    |
        | 639   | 1E-0308  |
        | 13    | 0e-16383 |

  @inside
  Rule: The limit is a setting

    Scenario Outline: A payload within another limit
      Given payloads may have at most 100 bytes
      When the producer sends a signal with a payload of <size> bytes
      Then it is accepted

      Examples: Up to exactly the limit
        | size |
        | 99   |
        | 100  |

    Scenario Outline: A payload above another limit
      Given payloads may have at most 100 bytes
      When the producer sends a signal with a payload of <size> bytes
      Then it is refused as "payload_too_large"
      And nothing is stored

      Examples: From one byte above the limit
        | size |
        | 101  |
        | 1024 |

    Scenario Outline: The bound on the request follows the limit
      Given payloads may have at most 100 bytes
      When the producer sends a signal padded to <size> bytes, its length <length>
      Then it is refused as "body_too_large"
      And nothing is stored

      Examples: One byte above six times the limit plus 4096 bytes
        | size | length       |
        | 4697 | declared     |
        | 4697 | not declared |

    Example: A request of exactly the smaller bound
      Given payloads may have at most 100 bytes
      When the producer sends a signal padded to 4696 bytes, its length declared
      Then it is accepted
