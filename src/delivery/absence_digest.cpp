#include "inforeply/absence_digest.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "base/digest.hpp"
#include "inforeply/error.hpp"
#include "inforeply/text.hpp"
#include "mail/field_text.hpp"
#include "mail/message.hpp"
#include "mail/mime_entity.hpp"
#include "reply/reply.hpp"
#include "responder/responder_lookup.hpp"

namespace inforeply {
namespace {

using Kind = DigestOccasion::Kind;

constexpr std::size_t kMaxCellCharacters = 256;
constexpr std::size_t kSenderColumns = 36;

/// When the responder's file was changed last. nullopt if that cannot be told.
std::optional<Time> changed_at(const Responder& responder) {
  struct stat status {};
  if (::stat(responder.file.c_str(), &status) != 0) return std::nullopt;
  return Time{Seconds{status.st_mtim.tv_sec}};
}

/// The period that the time is in, or else the last one before.
std::optional<Period> last_period(const Schedule& schedule, Time time) {
  const auto period = schedule.period_at(time);
  const auto ended = period ? std::vector<Period>{} : schedule.ended(Time{}, time);
  return ended.empty() ? period : ended.back();
}

/// The period that somebody has ended since then with a change of the file: where a responder is
/// off that was changed, nothing tells that it was off before. nullopt if none was.
std::optional<Period> ended_by_hand(const Responder& responder, Time last_run, Time now) {
  const auto& until = responder.schedule.until;
  const bool is_off = !responder.is_enabled || (until && *until <= now);
  const auto changed = changed_at(responder);
  if (!is_off || !changed || *changed <= last_run || *changed > now) return std::nullopt;
  const auto period = last_period(responder.schedule, *changed - Seconds{1});
  return period ? std::optional(Period{period->from, changed}) : std::nullopt;
}

/// Since when a responder that has no end has been on. nullopt if it has one, or is not on.
std::optional<Time> on_without_end_since(const Responder& responder, Time now) {
  const auto& schedule = responder.schedule;
  if (!responder.is_enabled || schedule.until || schedule.is_recurring()) return std::nullopt;
  const auto begin = schedule.from ? schedule.from : changed_at(responder);
  return begin && *begin <= now ? begin : std::nullopt;
}

/// A stranger's text as a cell of the table.
std::string cell(std::string_view text) {
  return ellipsize(trim(shown_safely(text)), kMaxCellCharacters);
}

/// The subject as it is before a message fills it in.
std::string subject_of(const Reply& reply) {
  PlaceholderValues values;
  values.values.fill("\u2026");
  return cell(reply.texts.front().subject.expand(values));
}

/// What a responder's replies are called, by their handles, which depend on the period.
class ReplyNames {
 public:
  explicit ReplyNames(const Responder& responder) : responder_(responder) {}

  /// The name of the reply that had the handle at that time; nullopt if none has it any more, or
  /// its files cannot be read.
  [[nodiscard]] std::optional<std::string> find(const std::string& handle, Time at) {
    const auto period = responder_.schedule.period_near(at);
    add(responder_.reply, period);
    for (const auto& section : responder_.sections) {
      const auto& time = section.conditions.time;
      const auto narrower = time.is_recurring() ? time.period_at(at) : Period{};
      if (narrower) add(section.reply, common(period, *narrower));
    }
    const auto found = names_.find(handle);
    return found == names_.end() ? std::nullopt : std::optional(found->second);
  }

 private:
  void add(const ReplySettings& settings, const Period& period) {
    if (!known_.insert(settings.section + ' ' + describe(period, responder_.schedule.zone)).second)
      return;
    collect_fault(pass_over, [&] {
      const Reply reply = load_reply(responder_, settings, period);
      names_.try_emplace(reply.handle,
                         settings.section.empty() ? subject_of(reply) : cell(settings.section));
    });
  }

  const Responder& responder_;
  std::set<std::string> known_;  // replies in their periods
  std::map<std::string, std::string> names_;
};

/// The display name of the responder's own From field, which a template may have.
std::string display_name_of(const Responder& responder) {
  auto from = responder.reply.from;
  collect_fault(pass_over,
                [&] { from = load_reply(responder, responder.reply, {}).settings.from; });
  return from ? from->display_name : "";
}

/// `1 person was answered`, `17 people were answered`; in shadow mode `would have been`.
std::string people_were_answered(const DigestAnswers& answers) {
  std::string people = answers.is_exact ? "" : "At least ";
  people += answers.people == 0 ? "Nobody" : std::to_string(answers.people);
  if (answers.people > 0) people += answers.people == 1 ? " person" : " people";
  if (answers.mode == ReplyMode::kShadow) return people + " would have been answered";
  return people + (answers.people > 1 ? " were" : " was") + " answered";
}

std::string subject(const DigestOccasion& occasion, const DigestAnswers& answers,
                    const TimeZone& zone) {
  if (occasion.kind == Kind::kStillOn) {
    return "Your automatic reply has been on since " + format_local(*occasion.from, zone);
  }
  return people_were_answered(answers) + " while you were away";
}

std::vector<std::string> introduction(const DigestOccasion& occasion, const DigestAnswers& answers,
                                      const std::string& address, const TimeZone& zone) {
  std::vector<std::string> paragraphs;
  if (occasion.kind == Kind::kStillOn) {
    paragraphs.push_back("Your automatic reply for " + address + " has been on since " +
                         format_local(*occasion.from, zone) +
                         ", and no end is set for it ('active-until').");
  }
  std::string sentence = people_were_answered(answers) + " automatically for " + address;
  if (occasion.from) sentence += " from " + format_local(*occasion.from, zone);
  if (occasion.until) sentence += " until " + format_local(*occasion.until, zone);
  paragraphs.push_back(sentence + ".");
  if (answers.mode == ReplyMode::kShadow)
    paragraphs.emplace_back("Nothing was sent: this is what shadow mode remembers.");
  return paragraphs;
}

std::string rest_of(const DigestAnswers& answers) {
  if (answers.not_shown == 0) return {};
  return "Earlier answers that are not shown here: " + std::to_string(answers.not_shown) + ".";
}

struct Row {
  std::string when;
  std::string replies;
  std::string who;
  std::string what;
};

Row heading_row() {
  return {"When", "Replies in all", "Who", "Answered with"};
}

std::vector<Row> rows_of(const DigestAnswers& answers, const Responder& responder) {
  ReplyNames names(responder);
  std::vector<Row> rows;
  rows.reserve(answers.rows.size());
  for (const auto& answer : answers.rows) {
    const auto name = names.find(answer.handle, answer.answered_at);
    rows.push_back({format_local(answer.answered_at, responder.schedule.zone),
                    std::to_string(answer.replies), cell(answer.sender),
                    name.value_or(cell(answer.handle))});
  }
  return rows;
}

/// Blanks that fill the text up to so many columns, as far as a character is one.
std::string padding(const std::string& text, std::size_t columns) {
  const auto is_first_octet = [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
  };
  const auto characters =
      static_cast<std::size_t>(std::count_if(text.begin(), text.end(), is_first_octet));
  std::string blanks;
  blanks.append(columns - std::min(columns, characters), ' ');
  return blanks;
}

/// Text that may run from right to left stays in its place among the words beside it (FSI, PDI).
std::string isolated(const std::string& text) {
  static constexpr std::string_view kMarks = "\u2068\u2069";
  const auto half = kMarks.size() / 2;
  if (is_ascii(text)) return text;
  return std::string(kMarks.substr(0, half)).append(text).append(kMarks.substr(half));
}

std::string to_line(const Row& row) {
  return row.when + padding(row.when, 18) + row.replies + padding(row.replies, 16) +
         isolated(row.who) + padding(row.who, kSenderColumns) + "  " + row.what + "\n";
}

std::string plain_text(const std::vector<std::string>& paragraphs, const std::vector<Row>& rows,
                       const std::string& rest) {
  std::string text;
  for (const auto& paragraph : paragraphs)
    text += (text.empty() ? "" : "\n") + paragraph + "\n";
  if (!rows.empty()) text += "\n" + to_line(heading_row());
  for (const auto& row : rows)
    text += to_line(row);
  if (!rest.empty()) text += "\n" + rest + "\n";
  return text;
}

std::string to_html(const Row& row, const std::string& element) {
  std::string html = "<tr>";
  for (const auto* text : {&row.when, &row.replies, &row.who, &row.what}) {
    html.append("<").append(element).append(" dir=\"auto\">").append(escape_html(*text));
    html.append("</").append(element).append(">");
  }
  return html + "</tr>\n";
}

std::string hypertext(const std::vector<std::string>& paragraphs, const std::vector<Row>& rows,
                      const std::string& rest) {
  std::string html =
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\"><style>\n"
      "th, td { padding: 2px 12px 2px 0; text-align: left; vertical-align: top; "
      "overflow-wrap: anywhere }\n</style></head>\n<body>\n";
  for (const auto& paragraph : paragraphs)
    html += "<p>" + escape_html(paragraph) + "</p>\n";
  if (!rows.empty()) html += "<table>\n" + to_html(heading_row(), "th");
  for (const auto& row : rows)
    html += to_html(row, "td");
  if (!rows.empty()) html += "</table>\n";
  if (!rest.empty()) html += "<p>" + escape_html(rest) + "</p>\n";
  return html + "</body>\n</html>\n";
}

/// The same each time for a period that has ended, by its beginning and its last answer: if it is
/// sent twice, a reader can tell.
std::string message_id(const DigestOccasion& occasion, const DigestAnswers& answers,
                       const Address& address, Time now) {
  const bool has_ended = occasion.kind == Kind::kPeriodEnded;
  const Time end =
      answers.rows.empty() ? occasion.until.value_or(now) : answers.rows.front().answered_at;
  const auto from = has_ended ? format_utc(occasion.from.value_or(Time{})) : "told";
  const auto name =
      digest({"digest", address.normalized(), from, format_utc(has_ended ? end : now)});
  return std::string(kMessageIdMark) + name + "@" + address.ascii_domain + ">";
}

}  // namespace

AbsenceDigest::AbsenceDigest(const Settings& settings, const Address& address)
    : mode_(settings.mode) {
  auto found = open_responders(settings, IndexAccess::kRead)->find(address);
  if (!found) throw Error(Fault::kInput, address.to_string() + " has no responder");
  found_ = std::make_unique<FoundResponder>(*std::move(found));
}

AbsenceDigest::~AbsenceDigest() = default;

std::string AbsenceDigest::responder() const {
  return found_->address.normalized();
}

DigestOccasion AbsenceDigest::asked(std::optional<Time> since, Time now) const {
  const auto& schedule = found_->responder->schedule;
  if (since) return {Kind::kAsked, since, std::nullopt};
  const auto period = last_period(schedule, now);
  return {Kind::kAsked, period ? period->from : std::nullopt, std::nullopt};
}

std::optional<DigestOccasion> AbsenceDigest::due(Time last_run, Time now) const {
  const auto& responder = *found_->responder;
  const auto ended = responder.schedule.ended(last_run, now);
  const auto by_hand = ended_by_hand(responder, last_run, now);
  if (by_hand && (ended.empty() || ended.back().until < by_hand->until)) {
    // An end in the past may have been set just now, so those answered after it count, too.
    const auto from = ended.empty() ? by_hand->from : ended.front().from;
    return DigestOccasion{Kind::kPeriodEnded, from, std::nullopt};
  }
  if (!ended.empty()) {
    return DigestOccasion{Kind::kPeriodEnded, ended.front().from, ended.back().until};
  }
  const auto since = on_without_end_since(responder, now);
  const bool is_live = mode_ == ReplyMode::kLive && responder.mode == ReplyMode::kLive;
  if (!since || !is_live) return std::nullopt;
  const auto intervals_until = [&](Time time) { return (time - *since) / kReminderInterval; };
  const bool is_due = intervals_until(now) > std::max(intervals_until(last_run), Seconds::rep{0});
  if (!is_due) return std::nullopt;
  return DigestOccasion{Kind::kStillOn, since, std::nullopt};
}

std::string AbsenceDigest::compose(const DigestOccasion& occasion, const DigestAnswers& answers,
                                   Time now) const {
  const auto& responder = *found_->responder;
  const auto& zone = responder.schedule.zone;
  const std::string address = found_->address.to_wire();
  std::string fields = mailbox_field("From", {display_name_of(responder), address});
  fields += mailbox_field("To", {{}, address});
  fields += text_field("Subject", subject(occasion, answers, zone));
  fields += field_line("Date", format_rfc5322(now));
  const std::string own_id = message_id(occasion, answers, found_->address, now);
  fields += field_line("Message-ID", own_id);
  fields += field_line("Auto-Submitted", "auto-generated");
  fields += field_line("X-Auto-Response-Suppress", "All");
  fields += field_line("MIME-Version", "1.0");
  const auto paragraphs = introduction(occasion, answers, found_->address.to_string(), zone);
  const auto rows = rows_of(answers, responder);
  const auto rest = rest_of(answers);
  std::vector<MimeEntity> parts;
  parts.push_back(text_entity("text/plain; charset=utf-8", plain_text(paragraphs, rows, rest)));
  parts.push_back(text_entity("text/html; charset=utf-8", hypertext(paragraphs, rows, rest)));
  return write_entity(multipart_of("alternative", std::move(parts)), own_id, fields);
}

}  // namespace inforeply
