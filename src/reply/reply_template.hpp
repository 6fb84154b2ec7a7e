// `template`: a file with a whole message, as vacation's message files, with or without MIME.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "inforeply/error.hpp"
#include "mail/header.hpp"
#include "mail/mime_entity.hpp"
#include "responder/placeholder.hpp"

namespace inforeply {

/// kHtml: HTML and other markup, such as text/x-amp-html or XML.
enum class TextForm { kPlain, kHtml, kOther };

/// An entity of a template with its structure.
struct TemplateEntity {
  std::string multipart;              ///< as in MimeEntity
  std::vector<TemplateEntity> parts;  ///< of a multipart
  std::string fields;                 ///< content fields that stay as they are
  std::optional<TextTemplate> text;   ///< decoded; of a text part that is no attachment
  TextForm form = TextForm::kOther;   ///< decides how the text is flowed and values escaped
  std::string content_type;           ///< of a text part; without charset and format
  std::string body;                   ///< of any other part, encoded
};

struct ReplyTemplate {
  std::vector<HeaderField> fields;  ///< all but the content fields
  TemplateEntity body;
};

/// Whether the responder sets that field itself, whatever a template says.
bool is_own_field(std::string_view name);

/// Reads `text`, the content of the file at `path`. What is signed or encrypted stays octet for
/// octet. Faults, with their lines: a line that is no header field; a text that is not in its
/// charset (UTF-8 if none is named); a multipart without its boundary; a second field of one name.
ReplyTemplate parse_reply_template(const std::string& path, std::string_view text,
                                   const FaultHandler& on_fault);

}  // namespace inforeply
