#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <fstream>
#include <map>
#include <string>

#include "fixtures.hpp"
#include "inforeply/error.hpp"
#include "mailer/make_mailer.hpp"

namespace inforeply {
namespace {

using Result = Submission::Result;

class MailerTest : public ::testing::Test {
 protected:
  /// The path of a shell script that acts as the mailer.
  std::string script(const std::string& body) {
    std::string path = folder_.write("mailer", "#!/bin/sh\n" + body);
    EXPECT_EQ(::chmod(path.c_str(), 0700), 0);
    return path;
  }
  std::string file(const std::string& name) { return test::read_file(folder_.path(name)); }
  Submission submit(const std::string& body, const std::string& recipient = "alice@example.net",
                    const std::string& message = "Subject: x\n\ntext\n") {
    return make_mailer({script(body)})->submit("", recipient, message, soon());
  }
  /// A deadline that is not meant to be reached.
  static std::chrono::steady_clock::time_point soon() {
    return std::chrono::steady_clock::now() + std::chrono::minutes(2);
  }
  test::TemporaryFolder folder_;
};

TEST_F(MailerTest, HandsOverTheMessageAndTheEnvelope) {
  const auto mailer = make_mailer({script("printf '[%s]' \"$@\" > " + folder_.path("args") +
                                          "; cat > " + folder_.path("message")) +
                                   "  -N  never"});
  EXPECT_EQ(mailer->submit("", "alice@example.net", "Subject: x\n\ntext\n", soon()).result,
            Result::kAccepted);
  EXPECT_EQ(file("args"), "[-N][never][-i][-f][<>][--][alice@example.net]");
  EXPECT_EQ(file("message"), "Subject: x\n\ntext\n");
  EXPECT_EQ(mailer->submit("owner@example.org", "alice@example.net", "x\n", soon()).result,
            Result::kAccepted);
  EXPECT_EQ(file("args"), "[-N][never][-i][-f][owner@example.org][--][alice@example.net]");
}

TEST_F(MailerTest, GivesNothingToAShell) {
  const std::string recipient = "\"$(touch " + folder_.path("harm") + ");`id`\n'\"@example.net";
  submit("printf '%s' \"$6\" > " + folder_.path("recipient") + "; cat > /dev/null", recipient);
  EXPECT_EQ(file("harm"), "");
  EXPECT_FALSE(std::filesystem::exists(folder_.path("harm")));
}

TEST_F(MailerTest, HandsOverAMessageLargerThanAPipeHolds) {
  const std::string message(3'000'000, 'x');
  EXPECT_EQ(submit("cat > " + folder_.path("message"), "alice@example.net", message).result,
            Result::kAccepted);
  EXPECT_EQ(file("message"), message);
}

TEST_F(MailerTest, MapsTheExitStatus) {
  const std::map<int, Result> expected = {
      {0, Result::kAccepted},  {65, Result::kRefused},  {67, Result::kRefused},
      {68, Result::kRefused},  {1, Result::kDeferred},  {64, Result::kDeferred},
      {69, Result::kDeferred}, {70, Result::kDeferred}, {71, Result::kDeferred},
      {75, Result::kDeferred}, {77, Result::kDeferred}, {78, Result::kDeferred},
      {127, Result::kDeferred}};
  for (const auto& [status, result] : expected) {
    const auto submission = submit("cat > /dev/null; exit " + std::to_string(status));
    EXPECT_EQ(submission.result, result) << status;
    EXPECT_EQ(submission.detail, "exit status " + std::to_string(status));
  }
}

TEST_F(MailerTest, ReportsWhatTheMailerPrintsInOneBoundedLine) {
  const auto submission = submit("cat > /dev/null; echo no; echo room >&2; exit 75");
  EXPECT_EQ(submission.detail, "exit status 75: no room");
  const auto flood = submit("cat > /dev/null; yes | head -c 300000; exit 75");
  EXPECT_EQ(flood.result, Result::kDeferred);
  EXPECT_LT(flood.detail.size(), 1100U);
}

TEST_F(MailerTest, DoesNotKnowWhatAMailerThatIsKilledHasTaken) {
  const auto submission = submit("kill -KILL $$");
  EXPECT_EQ(submission.result, Result::kUnknown);
  EXPECT_EQ(submission.detail, "died of signal 9");
}

TEST_F(MailerTest, GivesAMailerTheWholeMessageEvenIfItLivesOn) {
  // The mailer reads only after its parent has been told, and still finds all of it.
  const std::string body = "exec 3<&0; (sleep 0.2; cat > " + folder_.path("message") + "; touch " +
                           folder_.path("done") + ") <&3 > /dev/null 2>&1 &";
  EXPECT_EQ(submit(body).result, Result::kAccepted);
  for (int i = 0;
       i < 1000 && file("done").empty() && !std::filesystem::exists(folder_.path("done")); ++i) {
    ::usleep(10'000);
  }
  EXPECT_EQ(file("message"), "Subject: x\n\ntext\n");
}

TEST_F(MailerTest, DoesNotKnowWhatBecameOfItWhenItsExitStatusIsLost) {
  // Some servers ignore SIGCHLD, and their children inherit that: then the kernel keeps no status.
  std::signal(SIGCHLD, SIG_IGN);
  const auto submission = submit("cat > /dev/null; exit 0");
  std::signal(SIGCHLD, SIG_DFL);
  EXPECT_EQ(submission.result, Result::kUnknown);
}

TEST_F(MailerTest, KillsAMailerThatHangsWithAllItHasStarted) {
  const std::string hang = "sleep 600 & echo $! > " + folder_.path("pid") + "; wait";
  const auto submission =
      make_mailer({script(hang)})
          ->submit("", "alice@example.net", "text\n",
                   std::chrono::steady_clock::now() + std::chrono::milliseconds(500));
  EXPECT_EQ(submission.result, Result::kUnknown);
  EXPECT_EQ(submission.detail, "killed, its time was up");
  const int sleeper = std::stoi(file("pid"));
  // The orphan is reaped by whoever adopted it, at a time of its own.
  for (int i = 0; i < 1000 && ::kill(sleeper, 0) == 0; ++i)
    ::usleep(10'000);
  EXPECT_NE(::kill(sleeper, 0), 0);
}

TEST_F(MailerTest, DoesNotWaitForWhatTheMailerLeavesRunning) {
  const auto submission = submit("cat > /dev/null; sleep 30 & echo $! > " + folder_.path("pid"));
  EXPECT_EQ(submission.result, Result::kAccepted);
  EXPECT_EQ(::kill(std::stoi(file("pid")), SIGKILL), 0) << "still running when we returned";
}

TEST_F(MailerTest, AMissingMailerIsAnErrorBeforeAnythingIsReserved) {
  try {
    make_mailer({"/nonexistent/sendmail"});
    ADD_FAILURE();
  } catch (const Error& error) {
    EXPECT_EQ(error.fault(), Fault::kMailer);
    EXPECT_STREQ(error.what(),
                 "cannot run mailer /nonexistent/sendmail: No such file or directory");
  }
}

TEST_F(MailerTest, AFolderIsNoMailer) {
  try {
    make_mailer({"/tmp"});
    ADD_FAILURE();
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "cannot run mailer /tmp: Is a directory");
  }
}

// With Postfix's sendmail `-N never` is NOTIFY=NEVER.
TEST(Rfc3834, R28_TheMailerCanBeToldToNotifyNobody) {
  const test::TemporaryFolder folder;
  const std::string mailer =
      folder.write("mailer", "#!/bin/sh\n[ \"$1 $2\" = '-N never' ] && cat > /dev/null\n");
  ASSERT_EQ(::chmod(mailer.c_str(), 0700), 0);
  const auto submit = [](const std::string& spec) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::minutes(2);
    return make_mailer({spec})->submit("", "alice@example.net", "x\n", deadline).result;
  };
  EXPECT_EQ(submit(mailer + " -N never"), Result::kAccepted);
  EXPECT_NE(submit(mailer), Result::kAccepted);
}

}  // namespace
}  // namespace inforeply
