// Readers of other programs' settings. What they cannot carry over goes to `on_left_out`, with its
// file and line; a ConfigError that they throw means that nothing can be.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "draft.hpp"

namespace inforeply {

/// vacation(1): the message file, and the lines that call the program in `.forward` (nullopt: not
/// known). `listing` is what `vacation -l` prints, for those who are never answered. Aliases
/// without a domain are in that of `address`.
Draft read_vacation(const std::string& address, const Source& message,
                    const std::optional<Source>& forward, const std::optional<Source>& listing,
                    const FaultHandler& on_left_out);

/// A Sieve script (RFC 5228) whose only business is a vacation action (RFC 5230, 6131), perhaps
/// within dates (RFC 5260).
Draft read_sieve(const std::string& address, const Source& script, const FaultHandler& on_left_out);

/// PostfixAdmin's table `vacation`: CSV with a heading, or an object of JSON a line.
std::vector<Draft> read_postfixadmin(const Source& table, const FaultHandler& on_left_out);

/// What gnarwl's configuration says of the people in its LDAP directory.
struct GnarwlTerms {
  std::string address_attribute = "mail";
  std::vector<std::pair<std::string, std::string>> required;  ///< attributes with their values
  std::string text_attribute = "vacationInfo";
  std::vector<std::pair<std::string, std::string>> fields;  ///< macros and their attributes
  std::string sender_macro = "$sender";
  std::string recipient_macro = "$recepient";
  std::string subject_macro = "$subject";
  std::string header_file;
  std::string footer_file;
  std::string interval = "48h";
};
GnarwlTerms read_gnarwl_configuration(const Source& file, const FaultHandler& on_left_out);

/// The people of an LDIF file (RFC 2849). `header` and `footer` are the contents of the files that
/// the terms name.
std::vector<Draft> read_gnarwl(const GnarwlTerms& terms, const Source& ldif,
                               const std::string& header, const std::string& footer,
                               const FaultHandler& on_left_out);

/// The file that a `.qmail` has qmail-autoresponder(1) answer with, by its name in the program's
/// folder. Throws ConfigError if it calls no such program.
std::string qmail_message_file(const Source& qmail);

/// qmail-autoresponder: the options in the order in which they count, the command line of `.qmail`
/// (which may be empty) first.
struct QmailFolder {
  Source qmail;                 ///< `.qmail`; its text is empty if there is none
  Source configuration;         ///< `config.txt`, likewise
  std::vector<Source> options;  ///< the files named like options; count without `config.txt`
  Source message;               ///< `message.txt` or another; counts without a text in `config.txt`
};
Draft read_qmail_autoresponder(const std::string& address, const QmailFolder& folder,
                               const FaultHandler& on_left_out);

}  // namespace inforeply
