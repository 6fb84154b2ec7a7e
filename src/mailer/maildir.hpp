// A copy of what was sent in a Maildir (https://cr.yp.to/proto/maildir.html).
#pragma once

#include <string>
#include <string_view>

namespace inforeply {

struct MaildirPath {
  std::string root;  ///< a folder that an administrator names
  std::string name;  ///< relative to it, without `..`; no link in it is followed

  [[nodiscard]] std::string path() const { return root + "/" + name; }
};

/// Throws Error that names the folder and the cause unless it is a Maildir of the account that
/// runs: nobody else could read the copy. Changes nothing.
void require_maildir(const MaildirPath& maildir);

/// Delivers the message to `cur`, with the flag S: whoever wrote it need not be told that there is
/// something new. It is durable when this returns. Throws Error, and leaves nothing behind.
void deliver_as_seen(const MaildirPath& maildir, std::string_view message);

}  // namespace inforeply
