// `template`: a whole message in a file, as vacation's message files are, with or without MIME.
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

/// kHtml: any markup, such as text/x-amp-html or XML.
enum class TextForm { kPlain, kHtml, kOther };

/// An entity of a template, its structure kept.
struct TemplateEntity {
  std::string multipart;              ///< as in MimeEntity
  std::vector<TemplateEntity> parts;  ///< of a multipart
  std::string fields;                 ///< content fields that stay as they are
  std::optional<TextTemplate> text;   ///< of a text part that is no attachment: decoded
  TextForm form = TextForm::kOther;   ///< how the text is flowed, and values escaped in it
  std::string content_type;  ///< of a text part, with its parameters but charset and format
  std::string body;          ///< of any other: encoded
};

struct ReplyTemplate {
  std::vector<HeaderField> fields;  ///< those that are not of the content
  TemplateEntity body;
};

/// Reads the octets of a file at `path`. What is signed or encrypted stays as it is, octet for
/// octet. At fault, with their lines: what is no header field, UTF-8 where no other charset is
/// named, a text that is not in its charset, a multipart without its boundary.
ReplyTemplate parse_reply_template(const std::string& path, std::string_view text,
                                   const FaultHandler& on_fault);

}  // namespace inforeply
