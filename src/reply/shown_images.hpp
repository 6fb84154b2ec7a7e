// The images that HTML texts show by `cid:` URLs (RFC 2392), compared with the image files.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/trusted_file.hpp"
#include "inforeply/error.hpp"

namespace inforeply {

/// Whether the name can stand unchanged in a `cid:` URL and a Content-ID field.
bool is_content_id(std::string_view name);

class ShownImages {
 public:
  /// The names after `cid:` in the markup of an HTML text, also in comments, which some programs
  /// show. `path` is the text's file, for faults.
  std::vector<std::string> add(std::string_view html, const std::string& path);

  /// Faults: an image that a text shows but no file has; a file that no text shows, as it would
  /// appear as an attachment.
  void check(const std::vector<FileReference>& files, const FaultHandler& on_fault) const;

 private:
  struct Image {
    std::string name;
    std::string html;  // the file that shows it
    std::size_t line;
  };
  std::vector<Image> images_;
};

}  // namespace inforeply
