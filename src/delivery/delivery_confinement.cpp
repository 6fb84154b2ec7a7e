#include "delivery/delivery_confinement.hpp"

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/folder.hpp"
#include "delivery/delivery.hpp"
#include "inforeply/cache_store.hpp"
#include "inforeply/error.hpp"
#include "mailer/maildir.hpp"
#include "mailer/make_mailer.hpp"

namespace inforeply {
namespace {

constexpr int kMaxLinks = 40;  // as the kernel follows (path_resolution(7))

bool is_link(const std::string& path) {
  std::error_code error;
  return std::filesystem::is_symlink(path, error);
}

/// The folders of the files that links lead to, one after the other, from `path` on. The last file
/// may be yet to be made.
void add_folders_of_links(std::filesystem::path path, std::vector<std::string>& folders) {
  std::error_code error;
  for (int links = 0; links < kMaxLinks && is_link(path); ++links) {
    path = path.parent_path() / std::filesystem::read_symlink(path, error);
    folders.push_back(folder_of(path));
  }
}

/// A responder's file or its folder may be a link to where its owner keeps it. The files that it
/// names never lead out of that folder.
void add_responder(const std::string& file, Permissions& permissions) {
  const auto folder = folder_of(file);
  if (is_link(folder)) permissions.readable_folders.push_back(folder);
  if (is_link(file)) permissions.readable_files.push_back(file);
}

void add_responders(const ResponderCommand& command, const ResponderSource& responders,
                    Permissions& permissions) {
  const auto& settings = command.settings;
  permissions.readable_folders.push_back(
      settings.responder.empty() ? settings.responders : folder_of(settings.responder));
  if (!settings.responder.empty()) return add_responder(settings.responder, permissions);
  for (const auto& recipient : command.envelope.recipients) {
    for (const auto& text : {recipient.address, recipient.original}) {
      const auto address = real_recipient(text, settings);
      if (!address) continue;
      for (const auto& candidate : responders.candidates(*address))
        add_responder(candidate.path, permissions);
    }
  }
}

/// Does a step whose faults the delivery meets again, and tells.
template <typename Step>
void pass_over_faults(Step step) {
  try {
    step();
  } catch (const Error&) {  // NOLINT(bugprone-empty-catch)
  }
}

/// Only the Maildirs that the responders of these recipients name.
void add_copies(const ResponderCommand& command, const ResponderSource& responders,
                Permissions& permissions) {
  const auto add = [&](const ReplySettings& reply) {
    pass_over_faults([&] {
      if (!reply.fcc) return;
      require_maildir(*reply.fcc);  // so no link leads elsewhere
      permissions.moving_folders.push_back(reply.fcc->path());
    });
  };
  if (command.dry_run || command.settings.fcc_folders.empty()) return;
  for (const auto& recipient : command.envelope.recipients) {
    for (const auto& text : {recipient.address, recipient.original}) {
      pass_over_faults([&] {
        const auto address = real_recipient(text, command.settings);
        const auto found = address ? responders.find(*address) : std::nullopt;
        if (!found) return;
        add(found->responder->reply);
        for (const auto& section : found->responder->sections)
          add(section.reply);
      });
    }
  }
}

void add_cache(const ResponderCommand& command, Permissions& permissions) {
  const auto store = make_cache_store(command.settings.cache);
  const std::string file = store->file();
  const auto lists = list_index_folder(command.settings.cache);
  auto& folders = command.dry_run ? permissions.readable_folders : permissions.writable_folders;
  folders.push_back(folder_of(file.empty() ? lists : file));
  for (const auto mode : {ReplyMode::kLive, ReplyMode::kShadow})
    add_folders_of_links(make_cache_store(command.settings.cache.in(mode))->file(), folders);
  if (is_link(lists)) folders.push_back(lists);
  if (!command.dry_run) store->permit(permissions);
}

}  // namespace

std::optional<Permissions> delivery_permissions(const ResponderCommand& command,
                                                const ResponderSource& responders) {
  std::optional<Permissions> permissions = Permissions{};
  if (!command.dry_run) permissions = mailer_permissions(command.settings.mailer);
  if (!permissions) return permissions;
  // Time zones, and the libraries of charsets, of look-ups and of TLS.
  permissions->readable_folders.emplace_back("/usr");
  permissions->readable_files.insert(permissions->readable_files.end(),
                                     {"/etc/mime.types", "/etc/localtime"});
  add_responders(command, responders, *permissions);
  add_copies(command, responders, *permissions);
  add_cache(command, *permissions);
  return permissions;
}

void confine_delivery(const ResponderCommand& command, const ResponderSource& responders,
                      Log& log) {
  const bool is_required = command.settings.require_confinement && !command.dry_run;
  const auto refuse = [&](const std::string& text) {
    throw Error(Fault::kConfiguration, "require-confinement = yes: " + text);
  };
  const auto permissions = delivery_permissions(command, responders);
  if (!permissions) {
    if (is_required) refuse(kCommandsAreNotConfined);
    return;
  }
  for (const auto& lacking : confine(*permissions)) {
    if (is_required) refuse(lacking);
    log.write(Severity::kDebug, "inforeply: not confined in full: " + lacking);
  }
}

}  // namespace inforeply
