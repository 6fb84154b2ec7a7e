#include "inforeply/html.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <vector>

#include "inforeply/text.hpp"
#include "mail/charset.hpp"
#include "mail/html/html_tokenizer.hpp"
#include "mail/html/html_writer.hpp"

namespace inforeply {
namespace {

// A stranger decides how deep a document is nested. This bound, which browsers have, too, keeps the
// search for an open element short. Deeper elements show only their text.
constexpr std::size_t kMaxOpenElements = 512;
constexpr std::string_view kRule = "------------------------";

/// An end tag closes all that is open inside its element, but nothing of a higher rank: a stray
/// `</div>` in a cell does not close the table.
enum class Rank { kInline, kParagraph, kItem, kBlock, kCell, kRow, kSection, kTable };

enum class Effect { kNone, kHide, kKeepBlanks, kQuote, kList, kOrderedList };

struct ElementType {
  std::string_view name;
  Rank rank = Rank::kInline;
  Break around = Break::kNone;  // before and behind it
  Effect effect = Effect::kNone;
};

constexpr auto kElementTypes = std::to_array<ElementType>({
    {"blockquote", Rank::kBlock, Break::kParagraph, Effect::kQuote},
    {"caption", Rank::kCell, Break::kLine},
    {"dd", Rank::kItem, Break::kLine},
    {"dl", Rank::kBlock, Break::kParagraph},
    {"dt", Rank::kItem, Break::kLine},
    {"h1", Rank::kBlock, Break::kParagraph},
    {"h2", Rank::kBlock, Break::kParagraph},
    {"h3", Rank::kBlock, Break::kParagraph},
    {"h4", Rank::kBlock, Break::kParagraph},
    {"h5", Rank::kBlock, Break::kParagraph},
    {"h6", Rank::kBlock, Break::kParagraph},
    {"head", Rank::kBlock, Break::kNone, Effect::kHide},
    {"li", Rank::kItem, Break::kLine},
    {"menu", Rank::kBlock, Break::kParagraph, Effect::kList},
    {"ol", Rank::kBlock, Break::kParagraph, Effect::kOrderedList},
    {"p", Rank::kParagraph, Break::kParagraph},
    {"pre", Rank::kBlock, Break::kParagraph, Effect::kKeepBlanks},
    {"table", Rank::kTable, Break::kParagraph},
    {"tbody", Rank::kSection, Break::kNone},
    {"td", Rank::kCell, Break::kNone},
    {"template", Rank::kBlock, Break::kNone, Effect::kHide},
    {"tfoot", Rank::kSection, Break::kNone},
    {"th", Rank::kCell, Break::kNone},
    {"thead", Rank::kSection, Break::kNone},
    {"tr", Rank::kRow, Break::kLine},
    {"ul", Rank::kBlock, Break::kParagraph, Effect::kList},
});

/// Blocks that only begin and end a line.
constexpr std::array<std::string_view, 15> kPlainBlocks = {
    "address", "article", "aside", "body",   "center", "div", "fieldset", "figcaption",
    "figure",  "footer",  "form",  "header", "main",   "nav", "section"};

constexpr std::array<std::string_view, 15> kVoidElements = {
    "area",  "base", "br",   "col",   "embed",  "frame", "hr", "img",
    "input", "link", "meta", "param", "source", "track", "wbr"};

ElementType element_type(std::string_view name) {
  const auto* type = std::find_if(kElementTypes.begin(), kElementTypes.end(),
                                  [&](const ElementType& known) { return known.name == name; });
  if (type != kElementTypes.end()) return *type;
  const bool is_block = is_one_of(name, kPlainBlocks);
  return is_block ? ElementType{name, Rank::kBlock, Break::kLine} : ElementType{name};
}

bool is_hidden(const HtmlToken& tag) {
  if (tag.has(HtmlAttribute::kHidden)) return true;
  auto style = to_lower_ascii(tag.value(HtmlAttribute::kStyle));
  std::erase_if(style, [](char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; });
  return style.find("display:none") != std::string::npos;
}

/// Whether a reader of plain text can use the URL.
bool is_useful_url(std::string_view url) {
  constexpr std::array<std::string_view, 3> kUseless = {"cid:", "data:", "javascript:"};
  return !url.empty() && url.front() != '#' &&
         std::none_of(kUseless.begin(), kUseless.end(), [&](std::string_view scheme) {
           return starts_with_ignoring_case(url, scheme);
         });
}

/// Follows a document's tags and tells the writer what they mean. Of the HTML standard's rules for
/// broken documents it knows only those that matter to the text: which end tags are implied, and
/// which elements an end tag closes.
class Renderer {
 public:
  void handle(const HtmlToken& token) {
    if (token.kind == HtmlToken::Kind::kStartTag) handle_start(token);
    if (token.kind == HtmlToken::Kind::kEndTag) handle_end(token.text);
    if (token.kind == HtmlToken::Kind::kText && hidden_ == 0) writer_.put(token.text);
  }

  std::string finish() && {
    end_link();
    return std::move(writer_).finish();
  }

 private:
  struct OpenElement {
    std::string name;
    Rank rank;
    Break around;
    Effect effect;
    bool shown;
  };

  struct List {
    bool ordered;
    unsigned long long next;
  };

  struct Row {
    std::size_t cells;
    std::size_t start;  // where its text begins
    std::size_t line;   // where its current cell begins
  };

  void handle_start(const HtmlToken& tag) {
    const auto type = element_type(tag.text);
    if (is_one_of(tag.text, kVoidElements)) return show_void_element(tag);
    if (type.rank > Rank::kInline) close_implied(type.rank);
    const bool hides = type.effect == Effect::kHide || is_hidden(tag);
    const bool shown = hidden_ == 0 && !hides;
    if (shown && tag.text == "a") begin_link(tag);
    if (type.rank == Rank::kCell && !is_in_row()) open(element_type("tr"), hidden_ == 0, tag);
    open(type, shown, tag);
  }

  void show_void_element(const HtmlToken& tag) {
    if (hidden_ > 0 || is_hidden(tag)) return;
    if (tag.text == "br") writer_.end_line();
    if (tag.text == "img") writer_.put(tag.value(HtmlAttribute::kAlt));
    if (tag.text != "hr") return;
    writer_.request(Break::kParagraph);
    writer_.put(kRule);
    writer_.request(Break::kParagraph);
  }

  void handle_end(const std::string& name) {
    const auto type = element_type(name);
    if (hidden_ == 0 && name == "a") end_link();
    if (hidden_ == 0 && name == "br") writer_.end_line();
    const bool closed =
        close_up_to(type.rank, [&](const OpenElement& element) { return element.name == name; });
    // A stray `</p>` makes a paragraph of its own.
    if (!closed && hidden_ == 0 && type.rank == Rank::kParagraph) writer_.request(type.around);
  }

  /// Closes the elements that end where an element of that rank starts.
  void close_implied(Rank rank) {
    if (!open_.empty() && open_.back().name == "head") close_last();
    close_up_to(Rank::kParagraph,
                [](const OpenElement& element) { return element.rank == Rank::kParagraph; });
    if (rank == Rank::kBlock || rank == Rank::kTable) return;
    close_up_to(rank, [rank](const OpenElement& element) { return element.rank == rank; });
  }

  /// Closes the innermost element that `matches` and all in it. Looks no further than an element of
  /// a rank above `rank`. Returns whether it closed one.
  template <typename Matcher>
  bool close_up_to(Rank rank, Matcher matches) {
    for (auto i = open_.size(); i > 0 && open_[i - 1].rank <= rank; --i) {
      if (!matches(open_[i - 1])) continue;
      while (open_.size() >= i) {
        close_last();
      }
      return true;
    }
    return false;
  }

  [[nodiscard]] bool is_in_row() const { return !open_.empty() && open_.back().rank == Rank::kRow; }

  void open(const ElementType& type, bool shown, const HtmlToken& tag) {
    const bool is_list = type.effect == Effect::kList || type.effect == Effect::kOrderedList;
    const auto around = is_list && writer_.is_indented() ? Break::kLine : type.around;
    if (shown) writer_.request(around);
    // Inside a hidden element all elements are kept, to find its end.
    if ((type.rank == Rank::kInline && shown) || open_.size() == kMaxOpenElements) return;
    const auto effect = shown ? type.effect : Effect::kHide;
    open_.push_back({std::string(type.name), type.rank, around, effect, shown});
    apply(effect, 1);
    if (is_list && shown) begin_list(effect, tag);
    if (type.name == "li" && shown) begin_item();
    if (type.rank == Rank::kRow && shown) rows_.push_back({0, writer_.size(), 0});
    if (type.rank == Rank::kCell && shown) begin_cell();
  }

  void close_last() {
    const auto element = std::move(open_.back());
    open_.pop_back();
    apply(element.effect, -1);
    if (!element.shown) return;
    if (element.effect == Effect::kList || element.effect == Effect::kOrderedList) {
      lists_.pop_back();
    }
    if (element.rank == Rank::kItem) writer_.begin_item("");  // an empty item has no mark
    if (element.rank == Rank::kCell) end_link();
    if (element.rank == Rank::kRow) end_row();
    writer_.request(element.around);
  }

  void apply(Effect effect, int levels) {
    if (effect == Effect::kHide) hidden_ += levels;
    if (effect == Effect::kKeepBlanks) writer_.keep_blanks(levels);
    if (effect == Effect::kQuote) writer_.quote(levels);
    if (effect == Effect::kList || effect == Effect::kOrderedList) writer_.indent(levels);
  }

  void begin_list(Effect effect, const HtmlToken& tag) {
    const auto start = parse_number(tag.value(HtmlAttribute::kStart)).value_or(1);
    lists_.push_back({effect == Effect::kOrderedList, start});
  }

  void begin_item() {
    const bool ordered = !lists_.empty() && lists_.back().ordered;
    writer_.begin_item(ordered ? std::to_string(lists_.back().next++) + ". " : "* ");
  }

  /// A cell behind a one-line cell stands in the same line; behind a longer one it is a paragraph.
  void begin_cell() {
    if (rows_.empty()) return;
    auto& row = rows_.back();
    const bool has_text = writer_.size() > row.start;
    const bool goes_on = has_text && writer_.line() == row.line;
    if (has_text && !goes_on) writer_.request(Break::kParagraph);
    if (!goes_on) row.line = writer_.next_line();
    writer_.begin_cell(goes_on ? HtmlWriter::Place::kSameLine : HtmlWriter::Place::kNewLine);
    ++row.cells;
  }

  /// Rows of one cell are page layout. Rows of several short cells stand without empty lines.
  void end_row() {
    const auto row = rows_.back();
    rows_.pop_back();
    const bool is_dense = row.cells > 1 && writer_.line() <= row.line;
    writer_.end_row(is_dense ? Break::kLine : Break::kParagraph);
  }

  void begin_link(const HtmlToken& tag) {
    end_link();
    auto url = clean_url(tag.value(HtmlAttribute::kHref));
    if (!is_useful_url(url)) return;
    url_ = std::move(url);
    writer_.begin_link();
  }

  void end_link() {
    if (url_) writer_.end_link(*url_);
    url_.reset();
  }

  HtmlWriter writer_;
  std::vector<OpenElement> open_;
  std::vector<List> lists_;
  std::vector<Row> rows_;
  std::optional<std::string> url_;  // of the link that is open
  int hidden_ = 0;
};

std::string render(std::string_view html) {
  HtmlTokenizer tokenizer(html);
  Renderer renderer;
  while (const auto token = tokenizer.next()) {
    renderer.handle(*token);
  }
  return std::move(renderer).finish();
}

}  // namespace

std::string html_to_text(std::string_view html) {
  return is_valid_utf8(html) ? render(html) : render(to_utf8_leniently(html, "utf-8"));
}

std::size_t find_body_end(std::string_view html) {
  std::size_t end = html.size();
  HtmlTokenizer tokenizer(html);
  while (const auto token = tokenizer.next()) {
    if (token->kind == HtmlToken::Kind::kEndTag && token->text == "body") end = token->start;
  }
  return end;
}

}  // namespace inforeply
