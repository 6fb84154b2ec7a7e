// What a reply says, read from the files that its settings name.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "inforeply/error.hpp"
#include "reply/reply_template.hpp"
#include "responder/placeholder.hpp"
#include "responder/responder.hpp"

namespace inforeply {

inline constexpr std::size_t kMaxReplyOctets = std::size_t{64} * 1024;
inline constexpr std::size_t kMaxLargeReplyOctets = std::size_t{4} * 1024 * 1024;

/// Its texts in one language.
struct ReplyText {
  std::string language;  ///< a tag of RFC 5646, or empty
  TextTemplate subject;
  std::optional<TextTemplate> text;  ///< UTF-8, lines end in LF
  std::optional<TextTemplate> html;  ///< the same
  std::vector<std::string> images;   ///< the names of those that its HTML shows
};

struct AttachedFile {
  std::string name;          ///< UTF-8, without folders
  std::string content_type;  ///< with a charset, where it is text
  std::string octets;
};

/// A field of a template file; its body may hold placeholders.
struct TemplateField {
  std::string name;
  TextTemplate body;
};

struct Reply {
  ReplySettings settings;        ///< with what a template's fields say where they do not
  std::vector<ReplyText> texts;  ///< at least one, the default first; a template's has the subject
  std::optional<TemplateEntity> body;       ///< of a template
  std::vector<TemplateField> extra_fields;  ///< of a template, those it may set
  std::vector<AttachedFile> inline_images;
  std::vector<AttachedFile> attachments;
  std::string handle;  ///< names what is said
};

/// Reads the files of one of the responder's replies. Where a fault does not end it, what is
/// returned is of no use but for finding more of them.
Reply load_reply(const Responder& responder, const ReplySettings& settings,
                 const FaultHandler& on_fault = throw_fault);

}  // namespace inforeply
