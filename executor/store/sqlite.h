#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

struct sqlite3;
struct sqlite3_stmt;

namespace studyctl {

class Sqlite;

// The rows of a query, borrowed from its connection until it is destroyed. The connection must outlive it.
class Rows {
 public:
  Rows(Rows&& other) noexcept;
  Rows& operator=(Rows&&) = delete;
  ~Rows();

  // To the first row, and on from row to row; false after the last one, and after a failure.
  bool next();

  // Of the row that next() went to. Columns count from 0. Text is valid until the next one.
  bool is_null(int column) const;
  int64_t integer(int column) const;
  double real(int column) const;
  std::string_view text(int column) const;
  std::string string(int column) const { return std::string(text(column)); }
  Instant instant(int column) const { return Instant(Duration(integer(column))); }
  std::optional<Instant> maybe_instant(int column) const {
    return is_null(column) ? std::nullopt : std::optional(instant(column));
  }
  // As it was bound: a JSON array of texts, or nothing.
  std::vector<std::string> list(int column) const;

 private:
  friend class Sqlite;
  Rows(Sqlite& connection, sqlite3_stmt* statement, bool* in_use)
      : connection_(connection), statement_(statement), in_use_(in_use) {}

  // Parameters count from 1. Times are milliseconds since 1970, durations milliseconds.
  void bind(int parameter, std::nullptr_t);
  void bind(int parameter, double value);
  void bind(int parameter, std::string_view value);
  void bind(int parameter, const std::string& value) { bind(parameter, std::string_view(value)); }
  void bind(int parameter, const char* value) { bind(parameter, std::string_view(value)); }
  void bind(int parameter, std::integral auto value) { bind_integer(parameter, static_cast<int64_t>(value)); }
  void bind(int parameter, Instant value) { bind_integer(parameter, value.time_since_epoch().count()); }
  void bind(int parameter, Duration value) { bind_integer(parameter, value.count()); }
  void bind(int parameter, const std::vector<std::string>& list);
  template <class T>
  void bind(int parameter, const std::optional<T>& value) {
    if (value) return bind(parameter, *value);
    bind(parameter, nullptr);
  }
  void bind_integer(int parameter, int64_t value);

  Sqlite& connection_;
  sqlite3_stmt* statement_;  // null after a failure
  bool* in_use_;             // of its place in the cache; null when it is not cached
};

// One connection to a database file; one thread. SQLite is known in sqlite.cpp alone.
//
// The first failure is kept: what is asked after it does nothing and finds no rows, until outcome() has told
// of it. So a story of statements is looked at once, at its end.
class Sqlite {
 public:
  enum class Mode : uint8_t {
    Write,         // made when it is not there; WAL
    WriteNetwork,  // the same with a rollback journal, where a WAL does not work
    Read,          // while others write
  };
  static Result<std::unique_ptr<Sqlite>> open(const std::filesystem::path& file, Mode mode);
  ~Sqlite();
  Sqlite(const Sqlite&) = delete;
  Sqlite& operator=(const Sqlite&) = delete;

  // `sql` is kept prepared for the next time.
  template <class... Values>
  Rows query(std::string_view sql, const Values&... values) {
    Rows rows = prepare(sql);
    int parameter = 0;
    if (rows.statement_ != nullptr) (rows.bind(++parameter, values), ...);
    return rows;
  }
  template <class... Values>
  void run(std::string_view sql, const Values&... values) {
    Rows rows = query(sql, values...);
    while (rows.next()) {}
  }
  // One or more statements without parameters.
  void execute(const std::string& sql);

  // What all since the last time came to.
  Result<void> outcome();
  // For what is no failure of SQLite's; the first one counts.
  void fail(Error error);

  int64_t last_row() const;
  int64_t changed_rows() const;
  // The last failure was for lack of space.
  bool disk_full() const { return disk_full_; }

 private:
  friend class Rows;
  friend class Transaction;
  struct Cached {
    sqlite3_stmt* statement = nullptr;
    bool in_use = false;
  };

  Sqlite(sqlite3* handle, std::string name) : handle_(handle), name_(std::move(name)) {}
  Rows prepare(std::string_view sql);
  void configure(Mode mode);
  void roll_back();
  // SQLite's own codes; true when it says that all is well.
  bool note(int code);
  Error error(int code) const;

  sqlite3* handle_;
  std::string name_;
  std::optional<Error> failure_;
  bool disk_full_ = false;
  std::map<std::string, Cached, std::less<>> statements_;
};

// All or nothing: rolled back unless committed.
class Transaction {
 public:
  explicit Transaction(Sqlite& connection) : connection_(connection) { connection.run("BEGIN IMMEDIATE"); }
  ~Transaction() { connection_.roll_back(); }
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;

  // Durable when it succeeds; otherwise what failed first, and everything is rolled back.
  Result<void> commit();

 private:
  Sqlite& connection_;
};

}  // namespace studyctl
