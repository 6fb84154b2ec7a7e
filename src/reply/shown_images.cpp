#include "reply/shown_images.hpp"

#include <algorithm>

#include "inforeply/text.hpp"

namespace inforeply {
namespace {

/// Follows HTML octet by octet, to tell tags and style sheets from text that people read.
class MarkupWatch {
 public:
  explicit MarkupWatch(std::string_view html) : html_(html) {}

  /// Whether the next octet, `at`, is in a tag or a style sheet.
  bool take(std::size_t at) {
    const char c = html_[at];
    if (!in_tag_) {
      if (c == '<') open(html_.substr(at + 1));
      return in_tag_ || in_style_;
    }
    if (quote_ != '\0') {
      if (c == quote_) quote_ = '\0';
    } else if ((c == '"' || c == '\'') && last_ == '=') {
      quote_ = c;
    } else if (c == '>') {
      in_tag_ = false;
    }
    if (std::string_view(" \t\r\n").find(c) == std::string_view::npos) last_ = c;
    return true;
  }

 private:
  void open(std::string_view tag) {
    in_tag_ = !tag.empty() && is_letter(tag[0]);
    if (starts_with_ignoring_case(tag, "style")) in_style_ = true;
    if (starts_with_ignoring_case(tag, "/style")) in_style_ = false;
    last_ = '<';
  }

  std::string_view html_;
  bool in_tag_ = false;
  bool in_style_ = false;
  char quote_ = '\0';  // the quote that ends the current attribute value
  char last_ = '\0';   // last character of the tag that is no blank
};

}  // namespace

bool is_content_id(std::string_view name) {
  return std::all_of(name.begin(), name.end(), [](char c) {
    return is_letter_or_digit(c) || std::string_view("-._@+").find(c) != std::string_view::npos;
  });
}

std::vector<std::string> ShownImages::add(std::string_view html, const std::string& path) {
  constexpr std::string_view kScheme = "cid:";
  std::vector<std::string> names;
  std::size_t line = 1;
  MarkupWatch watch(html);
  for (std::size_t at = 0; at < html.size(); ++at) {
    if (html[at] == '\n') ++line;
    const bool begins_url = watch.take(at) && at > 0 &&
                            std::string_view("\"'(= ").find(html[at - 1]) != std::string_view::npos;
    if (!begins_url || !starts_with_ignoring_case(html.substr(at), kScheme)) continue;
    const auto name = html.substr(at + kScheme.size());
    const auto end = std::min(name.find_first_of("\"'()<> \t\n"), name.size());
    if (end == 0) continue;
    names.emplace_back(name.substr(0, end));
    images_.push_back({names.back(), path, line});
  }
  return names;
}

void ShownImages::check(const std::vector<FileReference>& files,
                        const FaultHandler& on_fault) const {
  for (const auto& image : images_) {
    if (std::none_of(files.begin(), files.end(),
                     [&](const FileReference& file) { return file.base_name() == image.name; })) {
      on_fault({image.html, image.line, "no 'inline' has the image 'cid:" + image.name + "'"});
    }
  }
  for (const auto& file : files) {
    const std::string name = file.base_name();
    if (std::none_of(images_.begin(), images_.end(),
                     [&](const Image& image) { return image.name == name; })) {
      on_fault({file.where, file.line,
                "'inline = " + file.name + "': no HTML shows 'cid:" + name + "'"});
    }
  }
}

}  // namespace inforeply
