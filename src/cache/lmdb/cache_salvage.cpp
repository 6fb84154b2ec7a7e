// Every page of the file is looked at, not only those that the trees lead to: a damaged branch
// hides sound leaves. So the leaves of an earlier time are met, too, whose pages are free. Where
// the list of the free pages is sound they are passed over. Where it is not, they count: a record
// that was removed then comes back, which may cost a reply, while one that is lost may cost a
// second answer. Of several records of a key the newest wins, as the tree had one alone.

#include "cache/lmdb/cache_salvage.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <filesystem>
#include <tuple>
#include <vector>

#include "cache/lmdb/cache_copy.hpp"
#include "cache/lmdb/cache_format.hpp"
#include "cache/lmdb/exclusive_access.hpp"
#include "cache/lmdb/lmdb.hpp"
#include "cache/lmdb/lmdb_pages.hpp"
#include "cache/lmdb/lmdb_tables.hpp"
#include "cache/lmdb/lmdb_verify.hpp"
#include "inforeply/error.hpp"
#include "inforeply/text.hpp"

namespace inforeply {
namespace {

using lmdb::Environment;
using lmdb::Mode;
using lmdb::Node;
using lmdb::Page;
using lmdb::PageFault;
using lmdb::PageFile;
using lmdb::PageNumber;
using lmdb::Tables;
using lmdb::Transaction;
using lmdb::Use;

constexpr const char* kDamagedSuffix = ".damaged";
constexpr const char* kRepairSuffix = ".repair";
constexpr std::chrono::minutes kPatience{3};  // longer than any run of the responder
constexpr std::size_t kMaxCounter = std::size_t{1024} * 1024;
constexpr PageNumber kPagesAtOnce = 500;  // in one transaction

bool is_newer(const ReplyRecord& record, const ReplyRecord& other) {
  const auto rank = [](const ReplyRecord& of) {
    return std::tuple(of.answered_at, of.state == RecordState::kAnswered, of.count);
  };
  return rank(record) > rank(other);
}

class Salvage {
 public:
  Salvage(const PageFile& file, const std::vector<bool>& free_pages, const Tables& into)
      : file_(file), free_pages_(free_pages), into_(into) {}

  /// How many entries were found.
  std::size_t run() {
    for (PageNumber page = lmdb::kMetaPages; page < file_.pages();) {
      Transaction write(into_.environment(), Mode::kWrite);
      for (const auto end = std::min(page + kPagesAtOnce, file_.pages()); page < end; ++page) {
        if (page >= free_pages_.size() || !free_pages_[page]) take_page(write, file_.read(page));
      }
      write.commit();
    }
    return found_;
  }

 private:
  void take_page(Transaction& write, const Page& page) {
    if (!page.is(lmdb::kLeaf)) return;
    for (std::size_t i = 0; i < page.size(); ++i) {
      try {
        take_node(write, page.node(i));
      } catch (const PageFault&) {
        continue;  // the other nodes may be sound
      }
    }
  }

  void take_node(Transaction& write, const Node& node) {
    if (node.key.empty() || node.key.size() > lmdb::kMaxKey || node.octets > kMaxCounter) return;
    const std::string value = file_.value(node);
    if (node.key == kVersionKey && value != std::to_string(kFormatVersion)) {
      into_.environment().fail("make",
                               "the damaged one has format '" + to_single_line(value) + "'");
    }
    const auto record = decode(node.key, value);
    if (record && record_key(record->key) == node.key) return take_record(write, *record);
    // Neither the key of a record nor that of the index or the free list.
    if (node.key.find('\0') == std::string_view::npos) take_counter(write, node.key, value);
  }

  void take_record(Transaction& write, const ReplyRecord& record) {
    ++found_;
    const auto earlier = into_.find(write, record_key(record.key));
    if (!earlier || is_newer(record, *earlier)) into_.store(write, record, earlier);
  }

  void take_counter(Transaction& write, std::string_view key, const std::string& value) {
    const auto tally = decode_tally(value);
    if (!tally || tally->entries().empty()) return;
    ++found_;
    const auto earlier = write.get(into_.limits(), key);
    if (!earlier || expiry_in(*earlier) < expiry_in(value)) write.put(into_.limits(), key, value);
  }

  const PageFile& file_;
  const std::vector<bool>& free_pages_;
  const Tables& into_;
  std::size_t found_ = 0;
};

Descriptor open_file(const std::string& path) {
  Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!file.is_open()) throw system_error(Fault::kCache, "cannot open cache " + path);
  return file;
}

/// Under another name; the first name stays until a new file takes it.
void keep(const std::string& path, const std::string& name) {
  if ((::unlink(name.c_str()) != 0 && errno != ENOENT) || ::link(path.c_str(), name.c_str()) != 0) {
    throw system_error(Fault::kCache, "cannot keep damaged cache " + path + " as " + name);
  }
}

}  // namespace

std::string salvage(const std::string& path) {
  if (std::filesystem::is_symlink(path)) {
    throw Error(Fault::kCache, "cannot repair cache " + path + ": it is a symbolic link");
  }
  const ExclusiveAccess access(path, kPatience, "repair");
  const Descriptor damaged = open_file(path);
  const PageFile file(damaged.get(), lmdb::page_octets_of(damaged.get()));
  FileReplacement replacement(path, kRepairSuffix, Fault::kCache);
  {
    const Environment environment(replacement.part(), Use::kNew);
    const Tables tables(environment, CacheAccess::kCreate);
    if (Salvage(file, lmdb::find_free_pages(damaged.get()), tables).run() == 0) {
      throw Error(Fault::kCache, "cannot repair cache " + path +
                                     ": no record can be read; remove the file to begin anew");
    }
    lmdb::require_sound_pages(environment);
  }
  keep_owner(path, replacement.descriptor());
  std::string name = path + kDamagedSuffix;
  keep(path, name);
  access.replace_by(replacement);
  return name;
}

}  // namespace inforeply
