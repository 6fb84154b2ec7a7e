// What a reply says, read from the files that its settings name.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "inforeply/error.hpp"
#include "reply/reply_template.hpp"
#include "responder/period.hpp"
#include "responder/placeholder.hpp"
#include "responder/responder.hpp"

namespace inforeply {

inline constexpr std::size_t kMaxReplyOctets = std::size_t{64} * 1024;
inline constexpr std::size_t kMaxLargeReplyOctets = std::size_t{4} * 1024 * 1024;

/// A reply's texts in one language.
struct ReplyText {
  std::string language;  ///< a tag of RFC 5646, or empty
  TextTemplate subject;
  std::optional<TextTemplate> text;  ///< UTF-8, lines end in LF
  std::optional<TextTemplate> html;  ///< the same
  std::vector<std::string> images;   ///< the names of the images that its HTML shows
};

struct AttachedFile {
  std::string name;          ///< UTF-8, without folders
  std::string content_type;  ///< with a charset if it is UTF-8 text
  std::string octets;
};

/// A field of a template file; its body may hold placeholders.
struct TemplateField {
  std::string name;
  TextTemplate body;
};

struct Reply {
  ReplySettings settings;        ///< completed by a template's fields
  std::vector<ReplyText> texts;  ///< at least one, the default first; a template's has the subject
  std::optional<TemplateEntity> body;       ///< of a template
  std::vector<TemplateField> extra_fields;  ///< of a template, fields that it adds
  std::vector<AttachedFile> inline_images;
  std::vector<AttachedFile> attachments;
  Period period;       ///< the one in force, of which it speaks
  std::string handle;  ///< names what is said
};

/// Reads the files of one of the responder's replies, to be sent in the period. After a fault the
/// result only serves to find more faults.
Reply load_reply(const Responder& responder, const ReplySettings& settings, const Period& period,
                 const FaultHandler& on_fault = throw_fault);

}  // namespace inforeply
