#include "inforeply/marks.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "inforeply/encoded_word.hpp"
#include "inforeply/message.hpp"
#include "inforeply/text.hpp"

namespace inforeply {
namespace {

using enum Matcher;
constexpr auto kParts = Scope::kParts;
constexpr auto kEnclosed = Scope::kEnclosed;
constexpr auto kNone = std::string_view::npos;

constexpr std::array kHeaderMarks = {
    // Our own replies, also where a gateway has put the Message-ID aside.
    HeaderMark{Reason::kLoop, "Message-ID", kBeginsWith, kMessageIdMark, "our own mark"},
    HeaderMark{Reason::kLoop, "*Original-Message-ID", kBeginsWith, kMessageIdMark, "our own mark"},
    HeaderMark{Reason::kLoop, "Resent-Message-ID", kBeginsWith, kMessageIdMark, "our own mark"},

    HeaderMark{Reason::kAutoSubmitted, "Auto-Submitted", kTokenIsNot, "no", "RFC 3834, 2 and 5"},

    // Delivery reports and receipts.
    HeaderMark{Reason::kReport, "Content-Type", kTokenIs, "multipart/report", "RFC 6522", kParts},
    HeaderMark{Reason::kReport, "Content-Type", kTokenIs,
               "message/delivery-status|message/global-delivery-status", "RFC 3464; RFC 6533",
               kParts},
    HeaderMark{Reason::kReport, "Content-Type", kTokenIs,
               "message/disposition-notification|message/global-disposition-notification",
               "RFC 8098; RFC 6533", kParts},
    HeaderMark{Reason::kReport, "Content-Type", kTokenIs, "message/feedback-report", "RFC 5965",
               kParts},
    HeaderMark{Reason::kReport, "Content-Type", kTokenIs, "message/tracking-status", "RFC 3886",
               kParts},
    HeaderMark{Reason::kReport, "Content-Type", kParameterIs,
               "application/pkcs7-mime|smime-type|signed-receipt", "RFC 2634, 2", kParts},
    HeaderMark{Reason::kReport, "Content-Type", kParameterIs,
               "application/x-pkcs7-mime|smime-type|signed-receipt", "RFC 2634, 2", kParts},
    HeaderMark{Reason::kReport, "X-Failed-Recipients", kPresent, "", "Exim, Gmail"},
    HeaderMark{Reason::kReport, "X-MS-Embedded-Report", kPresent, "", "Exchange"},
    HeaderMark{Reason::kReport, "X-MS-Exchange-Message-Is-Ndr", kPresent, "", "Exchange Online"},
    HeaderMark{Reason::kReport, "X-DSNContext", kPresent, "", "IIS, Exchange"},
    HeaderMark{Reason::kReport, "X-MAPI-Message-Class", kBeginsWith, "report.",
               "Exchange, MS-OXOMSG"},
    HeaderMark{Reason::kReport, "Content-Class", kTokenIs,
               "urn:content-classes:dsn|urn:content-classes:mdn", "Exchange"},
    HeaderMark{Reason::kReport, "Message-Type", kBeginsWith, "delivery report", "RFC 2156, 5.3.2"},
    HeaderMark{Reason::kReport, "X-Report-Type", kBeginsWith, "nondelivery", "X.400 gateways"},
    HeaderMark{Reason::kReport, "X-MDDSN-Message", kPresent, "", "MDaemon"},
    HeaderMark{Reason::kReport, "X-Mimecast-Originator", kTokenIs, "<>", "Mimecast"},
    HeaderMark{Reason::kReport, "X-SEF-NDR-*", kPresent, "", "SurfControl"},
    HeaderMark{Reason::kReport, "X-Ovh-Message-Type", kTokenIs, "bounce", "OVH"},
    HeaderMark{Reason::kReport, "X-Rp-Fbl", kPresent, "", "Return Path's feedback loop"},
    HeaderMark{Reason::kReport, "X-HmXmrOriginalRecipient", kPresent, "", "Hotmail's feedback loop",
               kEnclosed},
    HeaderMark{Reason::kReport, "X-MX-Bounce", kPresent, "", "MXLogic"},
    HeaderMark{Reason::kReport, "X-Loop", kTokenIs, "scomp", "AOL feedback loop"},
    HeaderMark{Reason::kReport, "X-Mailer", kBeginsWith,
               "<smtp32|m-filter|surfcontrol e-mail filter|virusscan-gateway for|spamlion",
               "IMail, m-FILTER, SurfControl, McAfee, SpamLion"},

    // Mailing lists, and services that send to many.
    HeaderMark{Reason::kList, "List-Id", kPresent, "", "RFC 2919"},
    HeaderMark{Reason::kList, "List-Help", kPresent, "", "RFC 2369"},
    HeaderMark{Reason::kList, "List-Unsubscribe", kPresent, "", "RFC 2369"},
    HeaderMark{Reason::kList, "List-Subscribe", kPresent, "", "RFC 2369"},
    HeaderMark{Reason::kList, "List-Post", kPresent, "", "RFC 2369"},
    HeaderMark{Reason::kList, "List-Owner", kPresent, "", "RFC 2369"},
    HeaderMark{Reason::kList, "List-Archive", kPresent, "", "RFC 2369"},
    HeaderMark{Reason::kList, "List-Unsubscribe-Post", kPresent, "", "RFC 8058"},
    HeaderMark{Reason::kList, "Mailing-List", kPresent, "", "ezmlm, Yahoo Groups"},
    HeaderMark{Reason::kList, "X-Mailing-List", kPresent, "", "vger, Debian, SmartList"},
    HeaderMark{Reason::kList, "X-List-Unsubscribe", kPresent, "", "before RFC 2369"},
    HeaderMark{Reason::kList, "X-MDMailing-List", kPresent, "", "MDaemon"},
    HeaderMark{Reason::kList, "X-BeenThere", kPresent, "", "Mailman, Google Groups"},
    HeaderMark{Reason::kList, "X-Mailman-Version", kPresent, "", "Mailman"},
    HeaderMark{Reason::kList, "X-List-Administrivia", kWordIs, "yes", "Mailman"},
    HeaderMark{Reason::kList, "X-No-Ack", kWordIs, "yes", "Mailman"},
    HeaderMark{Reason::kList, "X-ML-Name", kPresent, "", "fml, ezmlm"},
    HeaderMark{Reason::kList, "X-ML-Count", kPresent, "", "fml, ezmlm"},
    HeaderMark{Reason::kList, "X-ML-Info", kPresent, "", "fml, ezmlm"},
    HeaderMark{Reason::kList, "X-MLServer", kPresent, "", "fml, ezmlm"},
    HeaderMark{Reason::kList, "X-Listserver", kPresent, "", "list servers"},
    HeaderMark{Reason::kList, "X-Listprocessor-Version", kPresent, "", "ListProcessor"},
    HeaderMark{Reason::kList, "X-Google-Group-Id", kPresent, "", "Google Groups"},
    HeaderMark{Reason::kList, "Feedback-ID", kEndsInNone, ":fastmail|:proton|:zohomail",
               "Gmail feedback loop; those three mark personal mail with it"},
    HeaderMark{Reason::kList, "X-CSA-Complaints", kPresent, "", "Certified Senders Alliance"},
    HeaderMark{Reason::kList, "X-Campaign", kPresent, "", "mass mailing services"},
    HeaderMark{Reason::kList, "X-CampaignID", kPresent, "", "mass mailing services"},
    HeaderMark{Reason::kList, "X-Campaign-Id", kPresent, "", "mass mailing services"},
    HeaderMark{Reason::kList, "X-Mailgun-Tag", kPresent, "", "mass mailing services"},
    HeaderMark{Reason::kList, "X-MailingID", kPresent, "", "mass mailing services"},
    HeaderMark{Reason::kList, "X-Mailing-ID", kPresent, "", "mass mailing services"},
    HeaderMark{Reason::kList, "X-Mailer", kBeginsWith, "mailchimp", "Mailchimp"},

    HeaderMark{Reason::kPrecedence, "Precedence", kListContains,
               "bulk|list|junk|auto_reply|auto-reply", "RFC 3834, 2; RFC 2076"},
    HeaderMark{Reason::kPrecedence, "X-Precedence", kListContains,
               "bulk|list|junk|auto_reply|auto-reply", "cPanel"},
    HeaderMark{Reason::kPrecedence, "Preference", kListContains, "auto_reply", "BoxTrapper"},

    HeaderMark{Reason::kSuppressRequested, "X-Auto-Response-Suppress", kListContains,
               "all|oof|autoreply", "MS-OXCMAIL, 2.2.1.11"},

    // Automatic replies, notices of services, challenges.
    HeaderMark{Reason::kAutoReply, "X-Autoreply", kTokenIsNot, "no|false|0",
               "Gmail, procmail recipes"},
    HeaderMark{Reason::kAutoReply, "X-Auto-Reply", kTokenIsNot, "no|false|0", "various"},
    HeaderMark{Reason::kAutoReply, "X-Autorespond", kTokenIsNot, "no|false|0", "cPanel"},
    HeaderMark{Reason::kAutoReply, "X-Auto-Respond", kTokenIsNot, "no|false|0", "various"},
    HeaderMark{Reason::kAutoReply, "X-Autoresponder", kTokenIsNot, "no|false|0", "various"},
    HeaderMark{Reason::kAutoReply, "X-Autoresponse", kTokenIsNot, "no|false|0", "various"},
    // CommuniGate's Mirror, Redirect and Forward pass on what a person has written.
    HeaderMark{Reason::kAutoReply, "X-Autogenerated", kTokenIsNot,
               "no|false|0|mirror|redirect|forward", "CommuniGate Pro"},
    HeaderMark{Reason::kAutoReply, "X-AutoReply-From", kPresent, "", "Domain Technologie Control"},
    HeaderMark{Reason::kAutoReply, "X-Auto-Reply-From", kPresent, "", "Domain Technologie Control"},
    HeaderMark{Reason::kAutoReply, "X-Mail-Autoreply", kPresent, "", "Domain Technologie Control"},
    HeaderMark{Reason::kAutoReply, "X-FC-MachineGenerated", kWordIs, "true|yes|1", "FirstClass"},
    HeaderMark{Reason::kAutoReply, "X-POST-MessageClass", kListContains, "autoresponder",
               "Mailtraq"},
    HeaderMark{Reason::kAutoReply, "Delivered-To", kTokenIs, "autoresponder",
               "qmail-autoresponder"},
    HeaderMark{Reason::kAutoReply, "*Content-Identifier", kBeginsWith, "auto-replied",
               "X.400 gateways"},
    HeaderMark{Reason::kAutoReply, "X-Apple-Action", kTokenIs, "vacation", "Apple"},
    HeaderMark{Reason::kAutoReply, "X-Apple-Unsubscribe", kWordIs, "true", "Apple Mail"},
    HeaderMark{Reason::kAutoReply, "X-Amazon-Auto-Reply", kPresent, "", "Amazon"},
    HeaderMark{Reason::kAutoReply, "X-MS-Exchange-Generated-Message-Source", kPresent, "",
               "Exchange"},
    HeaderMark{Reason::kAutoReply, "X-MS-Exchange-Transport-Rules-Notification", kPresent, "",
               "Exchange"},
    HeaderMark{Reason::kAutoReply, "X-MS-Journal-Report", kPresent, "", "Exchange"},
    HeaderMark{Reason::kAutoReply, "X-Loop", kTokenIs, "yes|true|postfix admin virtual vacation",
               "PostfixAdmin, OTRS"},
    HeaderMark{Reason::kAutoReply, "X-Mailer", kBeginsWith, "vacation", "vacation programs"},
    HeaderMark{Reason::kAutoReply, "Content-Type", kParameterIs, "text/calendar|method|reply",
               "RFC 5546, 3.2.3; RFC 6047, 2.4", kParts},
    HeaderMark{Reason::kAutoReply, "X-MDSend-Notifications-To", kPresent, "", "MDaemon"},
    HeaderMark{Reason::kAutoReply, "X-Cron-Env", kPresent, "", "cron"},
    HeaderMark{Reason::kAutoReply, "X-RT-Loop-Prevention", kPresent, "", "Request Tracker"},
    HeaderMark{Reason::kAutoReply, "X-OTRS-Loop", kPresent, "", "OTRS"},
    HeaderMark{Reason::kAutoReply, "X-Uv-Mailing", kPresent, "", "UserVoice"},
    HeaderMark{Reason::kAutoReply, "X-Facebook-Notify", kPresent, "", "Facebook"},
    HeaderMark{Reason::kAutoReply, "X-LinkedIn-Class", kPresent, "", "LinkedIn"},
    HeaderMark{Reason::kAutoReply, "X-LinkedIn-Template", kPresent, "", "LinkedIn"},
    HeaderMark{Reason::kAutoReply, "X-Twitter-*", kPresent, "", "Twitter"},
    HeaderMark{Reason::kAutoReply, "X-Amazon-Mail-Relay-Type", kPresent, "", "Amazon"},
    HeaderMark{Reason::kAutoReply, "X-Amz-Sns-*", kPresent, "", "Amazon SNS"},
    HeaderMark{Reason::kAutoReply, "X-GitHub-Reason", kPresent, "", "GitHub"},
    HeaderMark{Reason::kAutoReply, "X-GitLab-NotificationReason", kPresent, "", "GitLab"},
    HeaderMark{Reason::kAutoReply, "X-JIRA-FingerPrint", kPresent, "", "Jira"},
    HeaderMark{Reason::kAutoReply, "X-Redmine-Host", kPresent, "", "Redmine"},
    HeaderMark{Reason::kAutoReply, "X-Bugzilla-Reason", kPresent, "", "Bugzilla"},
    HeaderMark{Reason::kAutoReply, "X-Launchpad-Message-Rationale", kPresent, "", "Launchpad"},
    HeaderMark{Reason::kAutoReply, "X-Gerrit-MessageType", kPresent, "", "Gerrit"},
    HeaderMark{Reason::kAutoReply, "X-Phabricator-Sent-This-Message", kPresent, "", "Phabricator"},
    HeaderMark{Reason::kAutoReply, "X-Jenkins-Job", kPresent, "", "Jenkins"},
    HeaderMark{Reason::kAutoReply, "X-Trac-Project", kPresent, "", "Trac"},
    HeaderMark{Reason::kAutoReply, "X-Discourse-Post-Id", kPresent, "", "Discourse"},
    HeaderMark{Reason::kAutoReply, "X-Bluebottle-Request", kPresent, "", "Bluebottle challenges"},
    HeaderMark{Reason::kAutoReply, "X-Boxtrapper", kPresent, "", "BoxTrapper challenges"},
    HeaderMark{Reason::kAutoReply, "X-AskVersion", kPresent, "", "ASK challenges"},

    // Bad verdicts of filters.
    HeaderMark{Reason::kSpam, "X-Spam-Flag", kWordIs, "yes|true", "SpamAssassin, Amavis"},
    HeaderMark{Reason::kSpam, "X-Spam-Status", kWordIs, "yes|true|spam", "SpamAssassin"},
    HeaderMark{Reason::kSpam, "X-Spam", kWordIs, "yes|true|spam", "Rspamd"},
    HeaderMark{Reason::kSpam, "X-Spam-Tag", kWordIs, "yes", "OVH"},
    HeaderMark{Reason::kSpam, "X-Spamd-Result", kBeginsWith, "default: true", "Rspamd"},
    HeaderMark{Reason::kSpam, "X-Rspamd-Action", kTokenIs,
               "reject|soft reject|add header|rewrite subject", "Rspamd"},
    HeaderMark{Reason::kSpam, "X-Spam-Action", kTokenIs,
               "reject|soft reject|add header|rewrite subject", "Rspamd"},
    HeaderMark{Reason::kSpam, "X-Bogosity", kWordIs, "spam|yes", "Bogofilter"},
    HeaderMark{Reason::kSpam, "X-DSPAM-Result", kWordIs, "spam|virus|blacklisted|blocklisted",
               "DSPAM"},
    HeaderMark{Reason::kSpam, "X-CRM114-Status", kWordIs, "spam", "CRM114"},
    HeaderMark{Reason::kSpam, "X-Spambayes-Classification", kWordIs, "spam", "SpamBayes"},
    HeaderMark{Reason::kSpam, "X-Razor-Status", kWordIs, "spam", "Razor"},
    HeaderMark{Reason::kSpam, "X-Pyzor-Status", kWordIs, "spam", "Pyzor"},
    HeaderMark{Reason::kSpam, "X-Barracuda-Spam-Status", kWordIs, "yes", "Barracuda"},
    HeaderMark{Reason::kSpam, "X-Barracuda-Spam-Flag", kWordIs, "yes", "Barracuda"},
    HeaderMark{Reason::kSpam, "X-Assp-Spam", kWordIs, "yes", "ASSP"},
    HeaderMark{Reason::kSpam, "X-hMailServer-Spam", kWordIs, "yes", "hMailServer"},
    HeaderMark{Reason::kSpam, "X-TM-AS-Result", kBeginsWith, "yes", "Trend Micro"},
    HeaderMark{Reason::kSpam, "X-MS-Exchange-Organization-SCL", kNumberAtLeast, "5", "Exchange"},
    HeaderMark{Reason::kSpam, "X-Forefront-Antispam-Report", kListContains,
               "sfv:spm|sfv:skb|sfv:sks|cat:spm|cat:hspm|cat:phsh|cat:hphsh|cat:hphish|cat:malw",
               "Exchange Online"},
    HeaderMark{Reason::kSpam, "X-Proofpoint-Spam-Details", kWordIs, "rule=spam", "Proofpoint"},
    HeaderMark{Reason::kSpam, "X-SES-Spam-Verdict", kWordIs, "fail", "Amazon SES"},
    HeaderMark{Reason::kSpam, "X-SES-Virus-Verdict", kWordIs, "fail", "Amazon SES"},
    HeaderMark{Reason::kSpam, "X-Ovh-Spam-Status", kWordIs, "spam", "OVH"},
    HeaderMark{Reason::kSpam, "X-Ovh-Message-Type", kTokenIs, "spam", "OVH"},
    HeaderMark{Reason::kSpam, "X-VR-SPAMSTATE", kWordIs, "spam", "Vade"},
    HeaderMark{Reason::kSpam, "X-VADE-SPAMSTATE", kWordIs, "spam|phishing|scam|malware", "Vade"},
    HeaderMark{Reason::kSpam, "X-Yandex-Spam", kWordIs, "4", "Yandex"},
    HeaderMark{Reason::kSpam, "X-Infomaniak-Spam", kWordIs, "spam", "Infomaniak"},
    HeaderMark{Reason::kSpam, "X-Spamtest-Status", kTokenIs, "spam|blacklisted", "Kaspersky"},
    HeaderMark{Reason::kSpam, "X-KLMS-AntiSpam-Status", kTokenIs, "spam|blacklisted", "Kaspersky"},
    HeaderMark{Reason::kSpam, "X-*MailScanner-SpamCheck", kWordIs, "spam", "MailScanner"},
    HeaderMark{Reason::kSpam, "X-*MailScanner", kBeginsWith, "found to be infected", "MailScanner"},
    HeaderMark{Reason::kSpam, "X-Virus-Status", kWordIs, "infected|yes", "ClamAV"},
    HeaderMark{Reason::kSpam, "X-AntiVirus-Status", kWordIs, "infected", "avast"},
    HeaderMark{Reason::kSpam, "X-Amavis-Alert", kWordIs, "infected|banned", "Amavis"},
    HeaderMark{Reason::kSpam, "X-EsetResult", kBeginsWith, "is infected", "ESET"},
    HeaderMark{Reason::kSpam, "Content-Disposition", kFileNameEnds,
               ".exe|.scr|.pif|.bat|.cmd|.vbs|.vbe|.jse|.wsf|.cpl|.hta|.lnk|.msi",
               "RFC 3834, 7: programs", kParts},
    HeaderMark{Reason::kSpam, "Content-Type", kFileNameEnds,
               ".exe|.scr|.pif|.bat|.cmd|.vbs|.vbe|.jse|.wsf|.cpl|.hta|.lnk|.msi",
               "RFC 3834, 7: programs", kParts},
};

constexpr std::array kSenderMarks = {
    // Mail systems.
    SenderMark{"mailer-daemon*", "RFC 3834, 2"},
    SenderMark{"mailer", "RFC 3834, 2"},
    SenderMark{"mailerdaemon", "spellings of mailer-daemon"},
    SenderMark{"mailer_daemon", "spellings of mailer-daemon"},
    SenderMark{"mailer.daemon", "spellings of mailer-daemon"},
    SenderMark{"mail-daemon", "spellings of mailer-daemon"},
    SenderMark{"maildaemon", "spellings of mailer-daemon"},
    SenderMark{"mail_daemon", "spellings of mailer-daemon"},
    SenderMark{"mail.daemon", "spellings of mailer-daemon"},
    SenderMark{"postmaster", "RFC 5321, 4.5.1"},
    SenderMark{"*-postmaster", "RFC 5321, 4.5.1"},
    SenderMark{"post_master", "spellings of postmaster"},
    SenderMark{"mail-delivery-system", "Sun, Exchange gateways"},
    SenderMark{"mail.delivery.system", "Sun, Exchange gateways"},
    SenderMark{"mail-delivery-subsystem", "Sun, Exchange gateways"},
    SenderMark{"mail.delivery.subsystem", "Sun, Exchange gateways"},
    SenderMark{"system administrator", "Exchange"},
    SenderMark{"mailerror", "mail gateways"},
    SenderMark{"mail-error", "mail gateways"},
    SenderMark{"mdaemon", "mail gateways"},
    SenderMark{"imss", "mail gateways"},
    SenderMark{"*_smtp_mail_service", "mail gateways"},
    SenderMark{"*_for_smtp_gateways", "mail gateways"},
    SenderMark{"uucp", "Unix accounts"},
    SenderMark{"nobody", "Unix accounts"},
    SenderMark{"daemon", "Unix accounts"},
    SenderMark{"www-data", "Unix accounts"},
    SenderMark{"apache", "Unix accounts"},
    SenderMark{"wwwrun", "Unix accounts"},
    SenderMark{"httpd", "Unix accounts"},
    // Bounce handlers, VERP: digits, and an address in the place of the recipient.
    SenderMark{"bounce", "VERP"},
    SenderMark{"bounces", "VERP"},
    SenderMark{"bounce-*0*", "VERP"},
    SenderMark{"bounces-*0*", "VERP"},
    SenderMark{"bounce_*0*", "VERP"},
    SenderMark{"bounces_*0*", "VERP"},
    SenderMark{"bounce*=*", "VERP"},
    SenderMark{"double-bounce", "VERP"},
    SenderMark{"*-bounce", "Mailman, RFC 3834, 2"},
    SenderMark{"*-bounces", "Mailman, RFC 3834, 2"},
    SenderMark{"*-bounce-0-*", "VERP"},
    SenderMark{"*-return-0", "ezmlm"},
    SenderMark{"*-return-0-*", "ezmlm"},
    SenderMark{"*+bounces-*", "mlmmj"},
    SenderMark{"*+*-bounces-*", "mlmmj"},
    SenderMark{"*+bnc*", "Google Groups"},
    SenderMark{"sentto-0-*", "Yahoo Groups"},
    SenderMark{"*@amazonses.com", "Amazon SES"},
    SenderMark{"*@*.amazonses.com", "Amazon SES"},
    SenderMark{"*@bounce.*.*", "mass mailing services"},
    SenderMark{"*@bounces.*.*", "mass mailing services"},
    SenderMark{"*@bounced.*.*", "mass mailing services"},
    SenderMark{"*@*.bounce.*.*", "mass mailing services"},
    SenderMark{"*@*.bounces.*.*", "mass mailing services"},
    SenderMark{"*@newsletter.*.*", "mass mailing services"},
    SenderMark{"*@newsletters.*.*", "mass mailing services"},
    SenderMark{"*@mailings.*.*", "mass mailing services"},
    // Mailing lists.
    SenderMark{"owner-*", "RFC 3834, 2; RFC 2142, 6"},
    SenderMark{"*-owner", "RFC 3834, 2; RFC 2142, 6"},
    SenderMark{"*-request", "RFC 3834, 2; RFC 2142, 6"},
    SenderMark{"*+owner", "mlmmj"},
    SenderMark{"*+request", "mlmmj"},
    SenderMark{"*-subscribe", "list managers"},
    SenderMark{"*-unsubscribe", "list managers"},
    SenderMark{"*-join", "list managers"},
    SenderMark{"*-leave", "list managers"},
    SenderMark{"*-confirm", "list managers"},
    SenderMark{"listserv", "list managers"},
    SenderMark{"listserv-*", "list managers"},
    SenderMark{"majordomo", "list managers"},
    SenderMark{"majordomo-*", "list managers"},
    SenderMark{"listproc", "list managers"},
    SenderMark{"sympa", "list managers"},
    // Robots.
    SenderMark{"*-noreply-*", "no answer wanted"},
    SenderMark{"*-noreply0-*", "no answer wanted"},
    SenderMark{"*-no-reply-*", "no answer wanted"},
    SenderMark{"*-donotreply-*", "no answer wanted"},
    SenderMark{"*-do-not-reply-*", "no answer wanted"},
    SenderMark{"devnull", "no answer wanted"},
    SenderMark{"dev-null", "no answer wanted"},
    SenderMark{"nepasrepondre", "no answer wanted"},
    SenderMark{"ne-pas-repondre", "no answer wanted"},
    SenderMark{"nicht-antworten", "no answer wanted"},
    SenderMark{"nichtantworten", "no answer wanted"},
    SenderMark{"noresponder", "no answer wanted"},
    SenderMark{"no-responder", "no answer wanted"},
    SenderMark{"nao-responda", "no answer wanted"},
    SenderMark{"naoresponda", "no answer wanted"},
    SenderMark{"non-rispondere", "no answer wanted"},
    SenderMark{"autoreply", "automatic replies"},
    SenderMark{"autoreply-*", "automatic replies"},
    SenderMark{"auto-reply", "automatic replies"},
    SenderMark{"auto-reply-*", "automatic replies"},
    SenderMark{"auto_reply", "automatic replies"},
    SenderMark{"autoresponder", "automatic replies"},
    SenderMark{"auto-responder", "automatic replies"},
    SenderMark{"autoresponse", "automatic replies"},
    SenderMark{"auto-response", "automatic replies"},
    SenderMark{"autorespond", "automatic replies"},
    SenderMark{"auto-confirm", "automatic replies"},
    SenderMark{"mailbot", "automatic replies"},
    SenderMark{"notification", "notification services"},
    SenderMark{"notifications", "notification services"},
    SenderMark{"notification-*", "notification services"},
    SenderMark{"notifications-*", "notification services"},
    SenderMark{"*-notification", "notification services"},
    SenderMark{"*-notifications", "notification services"},
    SenderMark{"opendmarc", "feedback loops"},
    SenderMark{"opendmarc-*", "feedback loops"},
    SenderMark{"feedbackloop", "feedback loops"},
    SenderMark{"scomp@aol.net", "feedback loops"},
    SenderMark{"feedback@arf.mail.yahoo.com", "feedback loops"},
    SenderMark{"staff@hotmail.com", "feedback loops"},
    SenderMark{"sysadmin@*.vzwpix.com", "operators of gateways"},
    SenderMark{"alert@notification.messagelabs.com", "operators of gateways"},
};

constexpr std::array<std::string_view, 11> kSystemDisplayNames = {
    "mail delivery subsystem", "mail delivery system", "mail deliver system",
    "mail delivery service",   "delivery subsystem",   "internet mail delivery",
    "mailer-daemon",           "mailer daemon",        "mmsc ndr administrator",
    "interscan notification",  "interscan mss"};

template <typename Predicate>
bool any_value(std::string_view values, Predicate predicate) {
  const auto all = split(values, '|');
  return std::any_of(all.begin(), all.end(), predicate);
}

bool is_any(std::string_view values, std::string_view text) {
  return any_value(values,
                   [&](std::string_view value) { return equals_ignoring_case(value, text); });
}

std::string first_word(std::string_view body) {
  const std::string bare = strip_comments(body);
  return bare.substr(0, bare.find_first_of(" \t,;"));
}

bool list_contains(std::string_view values, std::string_view body) {
  std::string bare = strip_comments(body);
  std::replace(bare.begin(), bare.end(), ';', ',');
  const auto parts = split(bare, ',');
  return std::any_of(parts.begin(), parts.end(),
                     [&](std::string_view part) { return is_any(values, part); });
}

bool parameter_is(std::string_view values, std::string_view body) {
  const auto wanted = split(values, '|');
  const auto parameter = find_parameter(body, wanted[1]);
  return parameter && leading_token(body) == wanted[0] &&
         equals_ignoring_case(*parameter, wanted[2]);
}

std::string percent_decoded(std::string_view text) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    unsigned octet = 0;
    const auto* const digits = text.data() + i + 1;
    if (text[i] == '%' && i + 2 < text.size() &&
        std::from_chars(digits, digits + 2, octet, 16).ptr == digits + 2) {
      result += static_cast<char>(octet);
      i += 2;
    } else {
      result += text[i];
    }
  }
  return result;
}

/// Enough to hold the end of a name: decoding costs.
std::string_view last_octets(std::string_view text) {
  constexpr std::size_t kEnough = 1024;
  return text.substr(text.size() - std::min(text.size(), kEnough));
}

/// The file names that programs may read out of a field: the parameters `filename` and `name`,
/// with encoded-words decoded, which do not belong there but are common; and in RFC 2231's forms:
/// `filename*=utf-8''x%2Ey`, and `filename*0=x; filename*1*=%2Ey`.
std::vector<std::string> file_names(std::string_view body) {
  std::vector<std::string> found;
  const std::string bare = strip_comments(body);
  for (const std::string_view name : {"filename", "name"}) {
    std::map<unsigned long long, std::string> pieces;  // by their numbers
    for (const auto section : split_unquoted(bare, ';')) {
      const auto equals = section.find('=');
      if (equals == kNone || !starts_with_ignoring_case(section, name)) continue;
      auto end = trim(section.substr(name.size(), equals - name.size()));
      std::string value = unquoted(trim(section.substr(equals + 1)));
      if (end.empty()) found.push_back(decode_field_text(last_octets(value)));
      if (!end.starts_with('*')) continue;
      if (end.ends_with('*')) value = percent_decoded(value);
      end = end.substr(1, end.find('*', 1) - 1);
      pieces[parse_number(end).value_or(0)] += value;
    }
    std::string joined;
    for (const auto& [number, piece] : pieces)
      joined += piece;
    found.push_back(std::move(joined));
  }
  return found;
}

bool file_name_ends(std::string_view values, std::string_view body) {
  const auto names = file_names(body);
  return std::any_of(names.begin(), names.end(), [&](const std::string& name) {
    // Windows opens "x.exe." as x.exe.
    const auto end = name.find_last_not_of(" \t.");
    const auto shown = to_lower_ascii(std::string_view(name).substr(0, end + 1));
    return any_value(values, [&](std::string_view ending) { return shown.ends_with(ending); });
  });
}

/// The number that `text` begins with, its fraction left out; nothing where it is none or negative.
std::optional<unsigned long long> leading_number(std::string_view text) {
  return parse_number(text.substr(0, text.find_first_not_of("0123456789")));
}

/// Every run of digits as a single 0.
std::string without_digits(std::string_view text) {
  std::string result;
  for (const char c : text) {
    const bool digit = c >= '0' && c <= '9';
    if (!digit) result += c;
    if (digit && !result.ends_with('0')) result += '0';
  }
  return result;
}

}  // namespace

std::span<const HeaderMark> header_marks() {
  return kHeaderMarks;
}

std::span<const SenderMark> sender_marks() {
  return kSenderMarks;
}

bool matches(const HeaderMark& mark, const HeaderField& field) {
  if (!matches_glob(field.name, mark.field)) return false;
  const std::string_view body = field.body;
  switch (mark.matcher) {
    case kPresent:
      return true;
    case kTokenIs:
      return is_any(mark.values, leading_token(body));
    case kTokenIsNot:
      return !is_any(mark.values, leading_token(body));
    case kWordIs:
      return is_any(mark.values, first_word(body));
    case kListContains:
      return list_contains(mark.values, body);
    case kBeginsWith:
      return any_value(mark.values, [&](std::string_view value) {
        return starts_with_ignoring_case(body, value);
      });
    case kEndsInNone:
      return !any_value(mark.values, [&](std::string_view value) {
        return to_lower_ascii(body).ends_with(value);
      });
    case kNumberAtLeast: {
      const auto number = leading_number(first_word(body));
      return number && *number >= *parse_number(mark.values);
    }
    case kParameterIs:
      return parameter_is(mark.values, body);
    case kFileNameEnds:
      return file_name_ends(mark.values, body);
  }
  return false;
}

std::span<const std::string_view> system_display_names() {
  return kSystemDisplayNames;
}

const SenderMark* find_sender_mark(std::string_view local_part, std::string_view domain) {
  const std::string whole = without_digits(local_part);
  const std::string_view bare = std::string_view(whole).substr(0, whole.find('+'));
  const std::string address = whole + "@" + std::string(domain);
  std::string words = "-" + std::string(bare) + "-";
  std::replace_if(
      words.begin(), words.end(), [](char c) { return c == '.' || c == '_'; }, '-');
  const auto has_mark = [&](const SenderMark& mark) {
    if (mark.address.find('@') != kNone) return matches_glob(address, mark.address);
    if (mark.address.starts_with("*-") && mark.address.ends_with("-*")) {
      return matches_glob(words, mark.address);
    }
    return matches_glob(whole, mark.address) || matches_glob(bare, mark.address);
  };
  const auto* const found = std::find_if(kSenderMarks.begin(), kSenderMarks.end(), has_mark);
  return found == kSenderMarks.end() ? nullptr : found;
}

}  // namespace inforeply
