#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "base/result.h"

struct sqlite3;
struct sqlite3_stmt;

namespace studyctl {

class Sqlite;

// A prepared statement, borrowed from its connection until it is destroyed. The connection must outlive it.
class Statement {
 public:
  Statement(Statement&& other) noexcept;
  Statement& operator=(Statement&&) = delete;
  ~Statement();

  // Parameters count from 1. Text is copied.
  Statement& bind(int parameter, std::nullptr_t);
  Statement& bind(int parameter, int64_t value);
  Statement& bind(int parameter, double value);
  Statement& bind(int parameter, std::string_view value);
  Statement& bind(int parameter, const std::string& value) {
    return bind(parameter, std::string_view(value));
  }
  Statement& bind(int parameter, const char* value) { return bind(parameter, std::string_view(value)); }
  Statement& bind(int parameter, uint64_t value) { return bind(parameter, static_cast<int64_t>(value)); }
  Statement& bind(int parameter, int value) { return bind(parameter, static_cast<int64_t>(value)); }
  Statement& bind(int parameter, uint32_t value) { return bind(parameter, static_cast<int64_t>(value)); }
  template <class T>
  Statement& bind(int parameter, const std::optional<T>& value) {
    return value ? bind(parameter, *value) : bind(parameter, nullptr);
  }
  // All of them, in order.
  template <class... Values>
  Statement& bind_all(const Values&... values) {
    int parameter = 0;
    (bind(++parameter, values), ...);
    return *this;
  }

  // To the next row; false after the last one.
  Result<bool> step();
  // To the end, then ready to be bound and run again.
  Result<void> run();
  // Ready to be stepped again; what is bound stays.
  void reset();

  // Columns count from 0. Text is valid until the next step.
  bool is_null(int column) const;
  int64_t integer(int column) const;
  double real(int column) const;
  std::string_view text(int column) const;
  std::string string(int column) const { return std::string(text(column)); }

 private:
  friend class Sqlite;
  Statement(Sqlite* connection, sqlite3_stmt* statement, bool* in_use)
      : connection_(connection), statement_(statement), in_use_(in_use) {}

  Sqlite* connection_;
  sqlite3_stmt* statement_;
  bool* in_use_;  // of its place in the cache; null when it is not cached
};

// One connection to a database file; one thread. SQLite is known in sqlite.cpp alone.
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

  // One or more statements without parameters.
  Result<void> execute(const std::string& sql);
  // Kept for the next time; `sql` must be a literal.
  Result<Statement> prepare(const char* sql);
  // prepare, bind_all, run.
  template <class... Values>
  Result<void> run(const char* sql, const Values&... values) {
    Result<Statement> statement = prepare(sql);
    if (!statement) return std::move(statement).error();
    return statement->bind_all(values...).run();
  }

  int64_t last_row() const;
  int64_t changed_rows() const;
  // The last error was for lack of space.
  bool disk_full() const { return disk_full_; }

 private:
  friend class Statement;
  friend class Transaction;
  struct Cached {
    sqlite3_stmt* statement = nullptr;
    bool in_use = false;
  };

  Sqlite(sqlite3* handle, std::string name) : handle_(handle), name_(std::move(name)) {}
  Result<void> configure(Mode mode);
  void roll_back();
  Error error(int code);

  sqlite3* handle_;
  std::string name_;
  bool disk_full_ = false;
  std::unordered_map<const char*, std::unique_ptr<Cached>> statements_;
};

// All or nothing: rolled back unless committed.
class Transaction {
 public:
  static Result<Transaction> begin(Sqlite& connection);
  Transaction(Transaction&& other) noexcept : connection_(std::exchange(other.connection_, nullptr)) {}
  Transaction& operator=(Transaction&&) = delete;
  ~Transaction();

  // Durable when it returns. After an error everything is rolled back.
  Result<void> commit();

 private:
  explicit Transaction(Sqlite* connection) : connection_(connection) {}
  Sqlite* connection_;
};

}  // namespace studyctl
