@AC-08
Feature: AC-08 HMAC disabled mode
  On a developer's machine, and behind a gateway that has checked already, nobody wants to sign.
  So with signing off the signing headers decide nothing; a well-formed producer id is still recorded.

  Rule: With signing off, nothing about signing is checked

    Scenario Outline: Signing headers that need not be there
      Given signing is off
      When the producer sends a signal with only the headers <headers>
      Then it is accepted

      Examples: None and all
        | headers                                 |
        | none                                    |
        | X-Producer-Id, X-Timestamp, X-Signature |

      Examples: Each alone
        | headers       |
        | X-Producer-Id |
        | X-Timestamp   |
        | X-Signature   |

      Examples: Two of three
        | headers                    |
        | X-Producer-Id, X-Timestamp |
        | X-Producer-Id, X-Signature |
        | X-Timestamp, X-Signature   |

    Scenario Outline: Signing headers that are wrong
      Given signing is off
      When the producer sends a signal with the <header> "<value>"
      Then it is accepted

      Examples: Signatures
        | header      | value                                        |
        | X-Signature | AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA= |
        | X-Signature | not base64                                   |
        | X-Signature |                                              |

      Examples: Timestamps
        | header      | value                |
        | X-Timestamp | 1999-12-31T23:59:59Z |
        | X-Timestamp | yesterday            |
        | X-Timestamp |                      |

      Examples: Producer ids
        | header        | value                                                             |
        | X-Producer-Id | two words                                                         |
        | X-Producer-Id |                                                                   |
        | X-Producer-Id | aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa |

    Scenario Outline: A signing header given twice
      Given signing is off
      When the producer sends a signal with <header> given twice
      Then it is accepted

      Examples: Each header
        | header        |
        | X-Producer-Id |
        | X-Timestamp   |
        | X-Signature   |

  @inside
  Rule: With signing off, a well-formed producer id is recorded and any other is not

    Scenario Outline: The producer id alone decides
      Given signing is off
      When the producer sends a signal with only the headers <headers>
      Then it is accepted
      And the stored producer is <producer>

      Examples: With the producer id
        | headers                                 | producer     |
        | X-Producer-Id                           | "mt5-gold-1" |
        | X-Producer-Id, X-Signature              | "mt5-gold-1" |
        | X-Producer-Id, X-Timestamp, X-Signature | "mt5-gold-1" |

      Examples: Without it
        | headers                  | producer |
        | none                     | nobody   |
        | X-Timestamp, X-Signature | nobody   |

    Scenario Outline: A producer id is recorded
      Given signing is off
      When the producer sends a signal with the X-Producer-Id "<id>"
      Then it is accepted
      And the stored producer is "<id>"

      Examples: Well-formed
        | id                                                               |
        | p                                                                |
        | ea@desk-7/gold                                                   |
        | aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa |

    Scenario Outline: A producer id is not recorded
      Given signing is off
      When the producer sends a signal with the X-Producer-Id "<id>"
      Then it is accepted
      And the stored producer is nobody

      Examples: Empty, too long or with characters that do not belong
        | id                                                                |
        |                                                                   |
        | two words                                                         |
        | händler                                                           |
        | aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa |

  @inside
  Rule: Signing is off only when the operator wants it to be off

    Scenario Outline: A slip in the settings
      When the operator starts a service with <settings>
      Then it does not start because of "<reason>"

      Examples: What would have let anyone in
        | settings                  | reason                                                            |
        | HMAC_PRODUCER_ENABLE=true | HMAC_PRODUCER_ENABLE: is no setting; HMAC_PRODUCER_ENABLED is one |
        | APP_ENV=production        | HMAC_PRODUCER_ENABLED must be set in production                   |
