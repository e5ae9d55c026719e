@AC-22
Feature: AC-22 Content type
  A form posted by mistake, or by a web page of somebody else, must never become a signal.
  So only JSON that says that it is JSON is read.

  Rule: JSON is accepted

    Scenario Outline: An accepted content type
      When the producer sends a signal as "<type>"
      Then it is accepted

      Examples: Plain
        | type             |
        | application/json |

      Examples: With parameters
        | type                              |
        | application/json; charset=utf-8   |
        | application/json;charset=UTF-8    |
        | application/json ; charset="utf-8" |

      Examples: In any letter case
        | type                            |
        | Application/JSON                |
        | APPLICATION/JSON; CHARSET=UTF-8 |

  Rule: Anything else is refused

    Scenario Outline: A refused content type
      When the producer sends a signal as "<type>"
      Then it is refused as "unsupported_media_type"
      And nothing is stored

      Examples: Other types
        | type                              |
        | text/plain                        |
        | application/xml                   |
        | application/x-www-form-urlencoded |
        | multipart/form-data; boundary=x   |
        | application/octet-stream          |
        | text/json                         |

      Examples: Nearly JSON
        | type                      |
        | application/jsonx         |
        | application/json-seq      |
        | application/ld+json       |
        | xapplication/json         |
        | json                      |
        | text/plain; application/json |

      Examples: Nothing
        | type |
        |      |

    Example: No content type at all
      When the producer sends a signal without a content type
      Then it is refused as "unsupported_media_type"
      And nothing is stored

  Rule: A body that is not coded may say so

    Example: Content-Encoding identity
      When the producer sends a signal with the Content-Encoding "identity"
      Then it is accepted

    Example: A compressed body
      When the producer sends a signal with the Content-Encoding "gzip"
      Then it is refused as "unsupported_media_type"
      And nothing is stored

  Rule: The refusal tells what is wrong with it

    Scenario Outline: What is told
      When the producer sends a signal <so>
      Then it is refused as "unsupported_media_type"
      And the detail says "<words>"

      Examples: The type, its charset, the coding, and how often
        | so                                     | words                |
        | as "text/plain"                        | not application/json |
        | as "application/json; charset=latin-1" | charset              |
        | without a content type                 | missing              |
        | with its content type given twice      | more than once       |
        | with the Content-Encoding "br"         | compressed           |
